// Reads who is online for all who ask in one turn in one call: thousands that come back at once ask at once, and for the same people.
// What changes while it is read counts as newer than what was read.
import type { Presence, PresenceChange } from '@parley/ports';
import type { PresenceList } from '@parley/protocol';

interface Call {
  readonly users: Set<string>;
  readonly online: Promise<ReadonlySet<string>>;
}

export class JoinedReads {
  private readonly presence: Pick<Presence, 'read'>;
  /** Changes that came while states were being read. */
  private readonly recent = new Map<string, boolean>();
  private reading = 0;
  private next: Call | null = null;

  constructor(presence: Pick<Presence, 'read'>) {
    this.presence = presence;
  }

  /** The present state of each. Throws when presence is away. */
  async read(people: readonly string[]): Promise<PresenceList> {
    this.next ??= this.collect();
    const { users, online } = this.next;
    for (const user of people) users.add(user);
    this.reading += 1;
    try {
      const found = await online;
      return people.map((user) => ({ user, state: (this.recent.get(user) ?? found.has(user)) ? 'online' : 'offline' }));
    } finally {
      this.reading -= 1;
      if (this.reading === 0) this.recent.clear();
    }
  }

  note(changes: readonly PresenceChange[]): void {
    if (this.reading > 0) for (const { user, online } of changes) this.recent.set(user, online);
  }

  private collect(): Call {
    const users = new Set<string>();
    const online = Promise.resolve().then(() => {
      this.next = null;
      return this.presence.read([...users]);
    });
    return { users, online };
  }
}
