// Who is online in the one process. Leases are kept by the clock, not by trust: a worker that stalls past its lease is forgotten here too.
import type { Clock, Timer } from '../clock.ts';
import type { Presence, PresenceChange } from '../presence.ts';
import { createOrderedDelivery } from './ordered-delivery.ts';

export interface MemoryPresenceOptions {
  readonly clock: Clock;
}

interface Lease {
  ends: number;
  readonly users: Set<string>;
}

interface Watch {
  users: ReadonlySet<string>;
  readonly listener: (changes: readonly PresenceChange[]) => void;
}

const SWEEP_MS = 1_000;

export function createMemoryPresence({ clock }: MemoryPresenceOptions): Presence {
  const leases = new Map<string, Lease>();
  /** user -> workers whose lease holds them. */
  const holders = new Map<string, Set<string>>();
  /** What watchers were told last. */
  const online = new Set<string>();
  const watches = new Set<Watch>();
  const deliver = createOrderedDelivery();
  let sweeper: Timer | null = null;

  const isOnline = (user: string): boolean => {
    const now = clock.monotonic();
    for (const worker of holders.get(user) ?? []) if (leases.get(worker)!.ends > now) return true;
    return false;
  };
  const letGo = (worker: string, users: Iterable<string>): void => {
    for (const user of users) {
      const workers = holders.get(user);
      workers?.delete(worker);
      if (workers?.size === 0) holders.delete(user);
    }
  };
  const end = (worker: string): readonly string[] => {
    const users = [...(leases.get(worker)?.users ?? [])];
    letGo(worker, users);
    leases.delete(worker);
    return users;
  };
  const endExpired = (): string[] => {
    const now = clock.monotonic();
    return [...leases].filter(([, lease]) => lease.ends <= now).flatMap(([worker]) => end(worker));
  };
  const tell = (users: Iterable<string>): void => {
    const changes: PresenceChange[] = [];
    for (const user of new Set(users)) {
      const now = isOnline(user);
      if (now === online.has(user)) continue;
      if (now) online.add(user);
      else online.delete(user);
      changes.push({ user, online: now });
    }
    if (changes.length > 0) deliver(() => tellWatches(watches, changes));
  };
  const sweep = (): void => {
    tell(endExpired());
    if (leases.size > 0) return;
    sweeper?.cancel();
    sweeper = null;
  };

  return {
    touch: async (worker, ttlMs, users) => {
      const forgotten = endExpired();
      const known = leases.get(worker);
      const lease = known ?? { ends: 0, users: new Set<string>() };
      lease.ends = clock.monotonic() + ttlMs;
      leases.set(worker, lease);
      for (const user of users) {
        lease.users.add(user);
        holders.set(user, (holders.get(user) ?? new Set()).add(worker));
      }
      sweeper ??= clock.every(SWEEP_MS, sweep);
      tell([...forgotten, ...users]);
      return known === undefined ? 'missing' : 'kept';
    },
    drop: async (worker, users) => {
      const lease = leases.get(worker);
      if (lease === undefined) return;
      const gone = users === null ? end(worker) : users.filter((user) => lease.users.delete(user));
      letGo(worker, gone);
      tell(gone);
    },
    read: async (users) => new Set(users.filter(isOnline)),
    watch: async (users, listener) => {
      const watch: Watch = { users: new Set(users), listener };
      watches.add(watch);
      return {
        set: async (next) => {
          watch.users = new Set(next);
        },
        stop: async () => {
          watches.delete(watch);
        },
      };
    },
  };
}

function tellWatches(watches: ReadonlySet<Watch>, changes: readonly PresenceChange[]): void {
  for (const watch of [...watches]) {
    const theirs = changes.filter(({ user }) => watch.users.has(user));
    if (theirs.length > 0 && watches.has(watch)) watch.listener(theirs);
  }
}
