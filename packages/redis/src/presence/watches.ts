// Tells those who watch what changed. Changes come by one channel; when some may have been missed the states are read and compared,
// online is told at once, offline only when it is still so after everybody alive had time to say so.
import type { Clock, PresenceChange, PresenceWatch, Timer } from '@parley/ports';
import type { AdapterLogger } from '../logger.ts';
import type { Subscriber, Subscriptions } from '../subscriptions.ts';

/** After a loss, who is alive has announced itself again by then: two touches of a gateway and the way. */
const SETTLE_MS = 6_000;
const RETRY_MS = 1_000;
const CHANNEL = 'changes';

export interface WatchesDeps {
  readonly read: (users: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly subscriptions: Subscriptions;
  /** For how long Redis has been there without a break, ms. */
  readonly steadyMs: () => number;
  readonly clock: Clock;
  readonly logger: AdapterLogger;
}

interface Watch {
  users: Set<string>;
  /** What was told last, or read at the beginning. */
  readonly known: Map<string, boolean>;
  readonly listener: (changes: readonly PresenceChange[]) => void;
}

export interface Watches {
  add(users: readonly string[], listener: Watch['listener']): Promise<PresenceWatch>;
  close(): void;
}

export function createWatches({ read, subscriptions, steadyMs, clock, logger }: WatchesDeps): Watches {
  const watches = new Set<Watch>();
  /** Users that changed while states were read: newer than what was read. */
  const moved = new Set<string>();
  let reading = 0;
  let timer: Timer | null = null;

  const tell = (watch: Watch, changes: readonly PresenceChange[]): void => {
    if (changes.length === 0 || !watches.has(watch)) return;
    for (const { user, online } of changes) watch.known.set(user, online);
    watch.listener(changes);
  };
  const readStates = async (users: readonly string[]): Promise<ReadonlyMap<string, boolean>> => {
    reading += 1;
    try {
      const online = await read(users);
      return new Map(users.filter((user) => !moved.has(user)).map((user) => [user, online.has(user)]));
    } finally {
      reading -= 1;
      if (reading === 0) moved.clear();
    }
  };
  const compare = async (settled: boolean): Promise<void> => {
    const states = await readStates([...new Set([...watches].flatMap((watch) => [...watch.users]))]);
    for (const watch of watches) {
      const changes = [...watch.users].flatMap((user) => {
        const online = states.get(user);
        if (online === undefined) return [];
        // Once settled, everything is told anew: whoever asked by themselves in between may hold what was never true.
        return settled || (online && watch.known.get(user) !== true) ? [{ user, online }] : [];
      });
      tell(watch, changes);
    }
  };
  const settle = (ms: number): void => {
    timer?.cancel();
    timer = clock.after(ms, () => {
      timer = null;
      // Redis was away again meanwhile: leases that nobody could keep say nothing yet.
      const earlyMs = SETTLE_MS - steadyMs();
      if (earlyMs > 0) return settle(Math.max(RETRY_MS, earlyMs));
      compare(true).catch(() => settle(RETRY_MS));
    });
  };
  const subscriber: Subscriber = {
    listener: (payload) => {
      const { online, users } = payload as { online: boolean; users: readonly string[] };
      if (reading > 0) for (const user of users) moved.add(user);
      for (const watch of [...watches]) {
        tell(
          watch,
          users.filter((user) => watch.users.has(user)).map((user) => ({ user, online })),
        );
      }
    },
    lost: () => {
      void compare(false).catch((error: unknown) => logger.debug({ err: error }, 'presence is compared later'));
      settle(SETTLE_MS);
    },
  };
  const learn = async (watch: Watch, users: readonly string[]): Promise<void> => {
    const states = await readStates(users.filter((user) => !watch.known.has(user)));
    for (const [user, online] of states) if (watch.users.has(user) && !watch.known.has(user)) watch.known.set(user, online);
  };

  return {
    add: async (users, listener) => {
      const watch: Watch = { users: new Set(users), known: new Map(), listener };
      if (watches.size === 0) await subscriptions.add(CHANNEL, subscriber);
      watches.add(watch);
      try {
        await learn(watch, users);
      } catch (error) {
        stop(watch);
        throw error;
      }
      return {
        set: async (next) => {
          watch.users = new Set(next);
          for (const user of watch.known.keys()) if (!watch.users.has(user)) watch.known.delete(user);
          await learn(watch, next);
        },
        stop: async () => stop(watch),
      };
    },
    close: () => {
      timer?.cancel();
      watches.clear();
    },
  };

  function stop(watch: Watch): void {
    if (watches.delete(watch) && watches.size === 0) subscriptions.remove(CHANNEL, subscriber);
  }
}
