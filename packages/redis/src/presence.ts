// Who is online, on Redis: leases by Redis' own clock, each of one worker incarnation, so that whatever died is forgotten by itself.
// It must never say online for ever, nor offline for a moment because Redis itself was away.
import type { Presence, PresenceChange, PresenceWatch, Rng, Timer } from '@parley/ports';
import { createBootKey } from './boot-key.ts';
import { Link, type RedisOptions, type Script } from './link.ts';
import { DROP, END, READ, SWEEP, TOUCH } from './presence-scripts.ts';
import { createWatches } from './presence-watches.ts';
import { Subscriptions } from './subscriptions.ts';

export interface RedisPresenceOptions extends RedisOptions {
  readonly rng: Rng;
}

export interface RedisPresence extends Presence {
  /** What is wrong now, in words. */
  problems(): readonly string[];
  close(): Promise<void>;
}

const SWEEP_MS = 1_000;
/** One sweeper in this time, whichever process it is. */
const LOCK_MS = 500;
/** After Redis came back nobody is swept for this time: who is alive says so first. Two touches of a gateway. */
const SETTLE_MS = 5_000;
/** Users in one script: Redis does nothing else while it runs. */
const BATCH = 1_000;

/** Never throws because Redis is away: calls reject with RedisAway within 2 s. */
export function createRedisPresence(options: RedisPresenceOptions): RedisPresence {
  const { url, keyPrefix = 'parley:', clock, rng, logger } = options;
  const prefix = `${keyPrefix}presence:`;
  let settledAt = 0;
  let wasDown = false;
  const subscriptions = new Subscriptions({ url, prefix, name: 'presence-sub', clock, logger });
  const boot = createBootKey(`${keyPrefix}boot`, rng, () => subscriptions.lostAll());
  const link: Link = new Link({
    url,
    name: 'presence',
    clock,
    logger,
    probe: () => boot.check(link),
    onReady: () => {
      if (wasDown) settledAt = clock.monotonic() + SETTLE_MS;
    },
    onDown: () => {
      wasDown = true;
    },
  });
  const run = (what: string, script: Script, worker: string, args: readonly (string | number)[]): Promise<unknown> =>
    link.run(what, script, [`${prefix}leases`, `${prefix}w:${worker}`, `${prefix}sweeper`], [prefix, `${prefix}changes`, ...args]);
  const read = async (users: readonly string[]): Promise<ReadonlySet<string>> => {
    const found = await Promise.all(slicesOf(users).map((slice) => run('read presence', READ, '', slice) as Promise<string[]>));
    return new Set(found.flat());
  };
  const watches = createWatches({ read, subscriptions, clock, logger });
  const sweep = async (lockMs: number): Promise<void> => {
    while ((await run('sweep presence', SWEEP, '', [lockMs, BATCH])) === 1) lockMs = 0;
  };
  const sweeper: Timer = clock.every(SWEEP_MS, () => {
    if (!link.isReady() || clock.monotonic() < settledAt) return;
    sweep(LOCK_MS).catch(() => {
      settledAt = clock.monotonic() + SETTLE_MS;
    });
  });

  return {
    touch: async (worker, ttlMs, users) => {
      let answer: unknown = null;
      for (const slice of slicesOf(users, true)) {
        const said = await run('touch presence', TOUCH, worker, [worker, ttlMs, rng.id(), ...slice]);
        answer ??= said;
      }
      return answer === 1 ? 'kept' : 'missing';
    },
    drop: async (worker, users) => {
      if (users === null) {
        await run('end presence', END, worker, [worker]);
        return sweep(0);
      }
      for (const slice of slicesOf(users)) await run('drop presence', DROP, worker, [worker, ...slice]);
    },
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
