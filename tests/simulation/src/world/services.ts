// The processes of the simulated installation and who starts them again: messages workers over one store, gateways before them.
import { createGatewayCore, type GatewayCore, type GatewayCoreDeps } from '@parley/gateway/core';
import { createMessagesCore, type MessagesCore, type Store } from '@parley/messages/memory';
import type { Clock, EventLog, Feed, Presence, Rng } from '@parley/ports';
import { type AccessClaims, ParleyError, resendChanges } from '@parley/protocol';
import { answer, createInternalBus, type InternalBus, type InternalClient, type Logger } from '@parley/runtime';
import type { Faults } from './faults.ts';
import type { Backend } from './http.ts';
import { createLife, type Life } from './life.ts';
import { codec, type Door } from './network.ts';
import type { Planted } from './planted.ts';
import { connectFeed, type FeedConnection } from './sim-feed.ts';
import { connectLog } from './sim-log.ts';
import { connectStore, createTrap, type Trap } from './sim-store.ts';

export interface ServicesDeps {
  readonly world: Clock;
  readonly faults: Faults;
  readonly rng: Rng;
  readonly logger: Logger;
  readonly log: EventLog;
  readonly rows: Store;
  readonly feed: Feed;
  readonly presence: Presence;
  readonly planted: Planted;
  readonly resend: (room: string, after: number) => void;
}

export interface Worker {
  readonly life: Life;
  readonly trap: Trap;
  readonly core: MessagesCore;
  readonly feed: FeedConnection;
  readonly backend: Backend;
  readonly bus: InternalBus;
  ready: boolean;
}

export interface Gateway extends Door {
  readonly feed: FeedConnection;
  ready: boolean;
}

export interface Services {
  readonly workers: readonly Worker[];
  readonly gateways: readonly Gateway[];
  startWorker(): void;
  startGateway(): void;
  /** The messages instance that HTTP and internal calls reach. */
  current(): Worker | null;
  /** Flushes of all gateways so far that waited for company. */
  waited(): number;
  /** Starts what is missing; `gateways`: how many there should be. */
  supervise(gateways: number): void;
}

/** Flushing costs no virtual time, so load alone would never make a gateway join frames here. */
const WINDOWS_MS = [0, 1, 3, 6, 10, 25];
/** Hardly an event, so that who comes back is sent pages; or about a dozen. */
const RING_BYTES = [600, 4_000] as const;

const KEY = 'the simulation’s internal key, 32 characters';

/** Tokens of the simulation: the claims as they are. Sessions never end here. */
export const tokenOf = (user: string, session: string, now: number): string => {
  const claims: AccessClaims = { sub: user, sid: session, iat: Math.floor(now / 1000), exp: Math.floor(now / 1000) + 36_000, role: 'member', cls: 'person' };
  return `sim.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
};

export function claimsOf(token: string): AccessClaims {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as AccessClaims;
  } catch {
    throw new ParleyError('unauthenticated');
  }
}

export function createServices(deps: ServicesDeps): Services {
  const { world, faults, rng, logger, planted } = deps;
  let workers: Worker[] = [];
  let gateways: Gateway[] = [];
  let incarnations = 0;
  const cores: GatewayCore[] = [];

  const current = (): Worker | null => workers.findLast((worker) => worker.life.alive() && worker.ready) ?? null;

  const trapped = (feed: Feed, log: EventLog, trap: Trap): { feed: Feed; log: EventLog } => ({
    feed: {
      ...feed,
      publish: async (messages) => {
        trap.passes('before publish');
        await feed.publish(messages);
        if (trap.passes('after publish')) await new Promise(() => undefined);
      },
    },
    log: {
      ...log,
      append: async (topic, entries) => {
        trap.passes('before relay');
        await log.append(topic, entries);
        if (trap.passes('after relay')) await new Promise(() => undefined);
      },
    },
  });

  const startWorker = (): void => {
    const life = createLife(`messages ${++incarnations}`, world);
    const trap = createTrap(life);
    const connection = connectFeed(deps.feed, life, world, faults);
    const { feed, log } = trapped(planted.workerFeed(connection), connectLog(deps.log, life, world, faults), trap);
    const store = planted.store(connectStore(deps.rows, life, world, faults, trap), { feed, life, world });
    const bus = createInternalBus({ key: KEY, clock: world, rng });
    const rooms: InternalBus = createInternalBus({ key: KEY, clock: world, rng });
    rooms.register([
      answer(resendChanges, async ({ room, after }) => {
        deps.resend(room, after);
        return {};
      }),
    ]);
    // Small batches, so that they overlap here as they do under load.
    const batchSize = faults.between(1, 4);
    // And little is kept between them, so that what was let go of is asked for again.
    const memory = { recent: 8 * batchSize, places: 12 * batchSize, careful: batchSize - 1 };
    const core = createMessagesCore({ store, log, feed, internal: rooms.clientFor('messages'), clock: life.clock, rng, logger, batchSize, memory });
    bus.register(core.internal.map((handler) => ({ ...handler, handle: (request, caller) => life.ask(() => handler.handle(request, caller)) })));
    const backend: Backend = {
      store,
      onDeath: (callback) => life.onKill(callback),
      get epoch() {
        return core.epoch();
      },
      tellUsers: (users) => core.tellUsers(users.map(({ user, changes }) => ({ user, changes: [...changes] }))),
    };
    const worker: Worker = { life, trap, core, feed: connection, backend, bus, ready: false };
    workers = [...workers.filter((one) => one.life.alive()), worker];
    core.start().then(
      () => {
        worker.ready = true;
      },
      // A start that fails is a crash: the supervisor tries again.
      () => life.kill(),
    );
  };

  const internalFor = (life: Life): InternalClient => ({
    call: (contract, request) =>
      life.ask(async () => {
        await world.sleep(faults.between(1, 5));
        const worker = current();
        if (worker === null) throw new ParleyError('unavailable', 'messages is away.', { retryAfterMs: 500 });
        const answered = await worker.bus.clientFor('gateway').call(contract, request);
        await world.sleep(faults.between(1, 5));
        return answered;
      }),
  });

  const startGateway = (): void => {
    const life = createLife(`gateway ${++incarnations}`, world);
    const feed = connectFeed(deps.feed, life, world, faults);
    const gatewayDeps: GatewayCoreDeps = {
      log: planted.gatewayLog(connectLog(deps.log, life, world, faults), world),
      feed: planted.gatewayFeed(feed),
      presence: deps.presence,
      internal: planted.internal(internalFor(life)),
      verifier: { verify: async (token) => claimsOf(token) },
      revocations: { isRevoked: () => false, onRevoked: () => () => undefined },
      clock: life.clock,
      rng,
      logger,
      config: {
        origins: ['*'],
        name: life.name,
        queue: { softBytes: 2_000, hardBytes: 8_000, ageMs: 1_000, stuckMs: 3_000 },
        limits: { ringBytes: faults.pick(RING_BYTES), lingerMs: 2_000, headsMs: 5_000, usersMs: 10_000, resumeEvents: 25, windowMs: faults.pick(WINDOWS_MS) },
      },
      codec,
    };
    const core = createGatewayCore(gatewayDeps);
    cores.push(core);
    const gateway: Gateway = {
      life,
      feed,
      ready: false,
      accept(socket, auth) {
        core.admit();
        return core.accept(socket, claimsOf((auth as { token: string }).token));
      },
    };
    gateways = [...gateways.filter((one) => one.life.alive()), gateway];
    core.start().then(
      () => {
        gateway.ready = true;
      },
      () => life.kill(),
    );
  };

  return {
    get workers() {
      return workers.filter((worker) => worker.life.alive());
    },
    get gateways() {
      return gateways.filter((gateway) => gateway.life.alive());
    },
    waited: () => cores.reduce((sum, core) => sum + core.stats().waited, 0),
    startWorker,
    startGateway,
    current,
    supervise(wanted) {
      workers = workers.filter((worker) => worker.life.alive());
      gateways = gateways.filter((gateway) => gateway.life.alive());
      if (workers.length === 0) startWorker();
      for (let i = gateways.length; i < wanted; i++) startGateway();
    },
  };
}
