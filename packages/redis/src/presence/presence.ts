// Who is online, on Redis: leases by Redis' own clock, each of one worker incarnation, so that whatever died is forgotten by itself.
// It must never say online for ever, nor offline for a moment because Redis itself was away.
import type { Presence, PresenceChange, PresenceWatch, Rng, Timer } from '@parley/ports';
import { createBootKey } from '../boot-key.ts';
import { Link, type RedisOptions, type Script } from '../link.ts';
import { Subscriptions } from '../subscriptions.ts';
import { DROP, END, READ, SWEEP, TOUCH } from './scripts.ts';
import { createWatches } from './watches.ts';

export interface RedisPresenceOptions extends RedisOptions {
  readonly rng: Rng;
}

export interface RedisPresence extends Presence {
  /** What is wrong now, in words. */
  problems(): readonly string[];
  close(): Promise<void>;
}

const SWEEP_MS = 1_000;
/** Users in one script: Redis does nothing else while it runs. */
const BATCH = 1_000;

/** Never throws because Redis is away: calls reject with RedisAway within 2 s. */
export function createRedisPresence(options: RedisPresenceOptions): RedisPresence {
  const { url, keyPrefix = 'parley:', clock, rng, logger } = options;
  const prefix = `${keyPrefix}presence:`;
  /** Grows when it became unknown what a worker holds: a call without an answer, or a Redis that forgot its last second. */
  let doubt = 0;
  /** The doubt at the last touch that was answered. */
  const sure = new Map<string, number>();
  const subscriptions = new Subscriptions({ url, prefix, name: 'presence-sub', clock, logger });
  const boot = createBootKey(`${keyPrefix}boot`, rng, () => subscriptions.lostAll());
  const link: Link = new Link({
    url,
    name: 'presence',
    clock,
    logger,
    probe: () => boot.check(link),
    onReady: () => void boot.check(link).catch(() => undefined),
    onDown: () => {
      doubt += 1;
    },
  });
  const run = (what: string, script: Script, worker: string, args: readonly (string | number)[]): Promise<unknown> =>
    link.run(what, script, [`${prefix}leases`, `${prefix}w:${worker}`, `${prefix}sweeper`], [prefix, `${prefix}changes`, ...args]);
  const read = async (users: readonly string[]): Promise<ReadonlySet<string>> => {
    const found = await Promise.all(slicesOf(users).map((slice) => run('read presence', READ, '', slice) as Promise<string[]>));
    return new Set(found.flat());
  };
  const watches = createWatches({ read, subscriptions, steadyMs: () => Math.min(link.steadyMs(), subscriptions.steadyMs()), clock, logger });
  const sweep = async (worker: string): Promise<void> => {
    for (let more: unknown = 0, goesOn = 0; goesOn === 0 || more === 1; goesOn = 1) more = await run('sweep presence', SWEEP, '', [worker, BATCH, goesOn]);
  };
  const sweeper: Timer = clock.every(SWEEP_MS, () => {
    if (link.isReady()) sweep('').catch((error: unknown) => logger.debug({ err: error }, 'presence is swept later'));
  });
  const doubtful = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      doubt += 1;
      throw error;
    }
  };
  const touchSlice = (worker: string, ttlMs: number, slice: readonly string[]): Promise<boolean> =>
    doubtful(async () => {
      const now = doubt;
      const kept = await run('touch presence', TOUCH, worker, [worker, ttlMs, rng.id(), sure.get(worker) === now ? 0 : 1, ...slice]);
      sure.set(worker, now);
      return kept === 1;
    });

  return {
    touch: async (worker, ttlMs, users) => {
      let kept: boolean | null = null;
      for (const slice of slicesOf(users, true)) {
        const said = await touchSlice(worker, ttlMs, slice);
        kept ??= said;
      }
      return kept === true ? 'kept' : 'missing';
    },
    drop: (worker, users) =>
      doubtful(async () => {
        if (users === null) {
          sure.delete(worker);
          await run('end presence', END, worker, [worker]);
          return sweep(worker);
        }
        for (const slice of slicesOf(users)) await run('drop presence', DROP, worker, [worker, ...slice]);
      }),
    read,
    watch: async (users: readonly string[], listener: (changes: readonly PresenceChange[]) => void): Promise<PresenceWatch> => watches.add(users, listener),
    problems: () => [...link.problems(), ...subscriptions.problems()].slice(0, 1),
    close: async () => {
      sweeper.cancel();
      watches.close();
      subscriptions.close();
      link.close();
    },
  };
}

function slicesOf(users: readonly string[], atLeastOne = false): (readonly string[])[] {
  const slices: (readonly string[])[] = [];
  for (let i = 0; i < users.length || (atLeastOne && i === 0); i += BATCH) slices.push(users.slice(i, i + BATCH));
  return slices;
}
