// The servers that are compared, each by a name: which processes it is, who its publishers talk to, and by which protocol. One process is kept on
// CPU 0 while the load client has CPU 1; several, and Redis, share both with it.
import { type Engine, missing, startRedis } from '@parley/engines';
import { passingFolder } from '@parley/engines/testing';
import type { FanOptions } from '../../fan/fan.ts';
import { centrifugoMissing, startCentrifugo } from '../../targets/centrifugo.ts';
import { startTarget, type Target } from '../../targets/start.ts';

type AloneName = 'parley' | 'ws-frame' | 'ws-joined' | 'socket-io' | 'centrifugo';
type RedisName = 'parley-redis' | 'socket-io-redis' | 'centrifugo-redis';
export type SetupName = AloneName | RedisName;

/** How the rows call them. */
export const TITLES: Readonly<Record<SetupName, string>> = {
  parley: 'Parley',
  'ws-frame': 'bare ws, shared frame',
  'ws-joined': 'bare ws, joined per 10 ms',
  'socket-io': 'socket.io',
  centrifugo: 'Centrifugo',
  'parley-redis': 'Parley x2 over Redis',
  'socket-io-redis': 'socket.io + redis-adapter x2',
  'centrifugo-redis': 'Centrifugo + Redis x2',
};

export interface Running extends Pick<FanOptions, 'profile' | 'urls' | 'publishers' | 'groups'> {
  /** One process, on a CPU of its own. */
  readonly pinned: boolean;
  stop(): Promise<void>;
}

export interface OpenOptions {
  readonly rooms: number;
  /** Of those over Redis. Default 2. */
  readonly workers?: number;
  readonly execArgv?: readonly string[];
}

export interface Setups {
  /** Why this one cannot be run here, or null. */
  missing(name: SetupName): string | null;
  open(name: SetupName, options: OpenOptions): Promise<Running>;
  close(): Promise<void>;
}

const isOverRedis = (name: SetupName): name is RedisName => name.endsWith('-redis');
const SERVER_CPU = 0;
const at = (port: number): string => `127.0.0.1:${port}`;

/** Redis is started when the first needs it. */
export function createSetups(): Setups {
  let redis: Promise<Engine> | null = null;
  let opened = 0;
  const needRedis = (): Promise<Engine> => {
    redis ??= startRedis({ folder: passingFolder('parley-bench-redis-') });
    return redis;
  };
  const overRedis = async (name: RedisName, { rooms, workers = 2, execArgv = [] }: OpenOptions): Promise<Running> => {
    const engine = await needRedis();
    const redisUrl = engine.url;
    // Its tails outlive a run, and seqs begin anew.
    const keyPrefix = `bench${++opened}:`;
    const start = (): Promise<Target> =>
      name === 'centrifugo-redis'
        ? startCentrifugo({ redisUrl })
        : name === 'parley-redis'
          ? startTarget('parley-gateway', { rooms, redisUrl, keyPrefix }, { execArgv })
          : startTarget('socket-io', { redisUrl });
    const injector = name === 'parley-redis' ? await startTarget('parley-injector', { redisUrl, keyPrefix }) : null;
    const servers = await Promise.all(Array.from({ length: workers }, start));
    return {
      profile: name === 'centrifugo-redis' ? 'centrifugo' : name === 'parley-redis' ? 'parley' : 'socketio',
      urls: servers.map(({ port }) => at(port)),
      ...(injector === null ? {} : { publishers: [at(injector.port)] }),
      groups: { server: servers.map(({ pid }) => pid), redis: [engine.pid], ...(injector === null ? {} : { injector: [injector.pid] }) },
      pinned: false,
      stop: async () => void (await Promise.all([...servers, ...(injector === null ? [] : [injector])].map((target) => target.stop()))),
    };
  };
  return {
    missing: (name) => (name.startsWith('centrifugo') ? centrifugoMissing() : null) ?? (isOverRedis(name) ? missing('redis') : null),
    async open(name, options) {
      if (isOverRedis(name)) return overRedis(name, options);
      const server = await startAlone(name, options);
      return {
        profile: name === 'parley' ? 'parley' : name === 'socket-io' ? 'socketio' : name === 'centrifugo' ? 'centrifugo' : 'ws',
        urls: [at(server.port)],
        ...(server.injectPort === undefined ? {} : { publishers: [at(server.injectPort)] }),
        groups: { server: [server.pid] },
        pinned: true,
        stop: () => server.stop(),
      };
    },
    async close() {
      await (await redis)?.stop();
    },
  };
}

function startAlone(name: AloneName, { rooms, execArgv = [] }: OpenOptions): Promise<Target> {
  const how = { cpu: SERVER_CPU, execArgv };
  if (name === 'centrifugo') return startCentrifugo(how);
  if (name === 'parley') return startTarget('parley-gateway', { rooms }, how);
  return startTarget(name, {}, how);
}
