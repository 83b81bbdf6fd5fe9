// Stands in for the rooms service: decides membership, numbers its changes densely per room, and sends them in order until the log has
// taken them. The real one keeps them in SQL, so it is not in the simulation.
import type { Clock, EventLog, Rng } from '@parley/ports';
import { encodeRecord, partitionOf, type RoomChange, type RoomCommand, TOPICS } from '@parley/protocol';

export interface SimRoom {
  readonly id: string;
  readonly history: 'all' | 'since_join';
  readonly owner: string;
  /** As the authority has decided; the log may not have it yet. */
  readonly members: Map<string, 'owner' | 'admin' | 'member'>;
}

export interface Authority {
  readonly rooms: readonly SimRoom[];
  create(history: SimRoom['history'], owner: string, members: readonly string[]): SimRoom;
  change(room: SimRoom, author: string, change: RoomChange): void;
  /** Sends the changes after this one again. */
  resend(room: string, after: number): void;
  /** Is everything in the log? */
  idle(): boolean;
}

const RETRY_MS = 300;

export function createAuthority(deps: { log: EventLog; clock: Clock; rng: Rng; onJoin: (room: string, user: string) => void }): Authority {
  const rooms: SimRoom[] = [];
  const changes = new Map<string, RoomCommand[]>();
  /** room -> how many of its changes the log has confirmed. */
  const sent = new Map<string, number>();
  const relaying = new Set<string>();

  const relay = async (room: string): Promise<void> => {
    const all = changes.get(room) ?? [];
    const { partitions } = await deps.log.ends(TOPICS.roomCommand);
    while ((sent.get(room) ?? 0) < all.length) {
      const from = sent.get(room) ?? 0;
      const batch = all.slice(from);
      const entries = batch.map((value) => ({ partition: partitionOf(room, partitions.length), key: room, value: encodeRecord(value) }));
      try {
        await deps.log.append(TOPICS.roomCommand, entries);
        sent.set(room, Math.max(sent.get(room) ?? 0, from + batch.length));
      } catch {
        await deps.clock.sleep(RETRY_MS);
      }
    }
    relaying.delete(room);
  };
  const kick = (room: string): void => {
    if (relaying.has(room)) return;
    relaying.add(room);
    void relay(room);
  };
  const record = (room: string, author: string, change: RoomChange): void => {
    const all = changes.get(room) ?? [];
    changes.set(room, all);
    all.push({ v: 1, type: 'room.change', room, author, time: deps.clock.now(), mver: all.length + 1, change });
    kick(room);
  };

  const change = (room: SimRoom, author: string, what: RoomChange): void => {
    if (what.type === 'member.joined') {
      room.members.set(what.body.user, what.body.role);
      deps.onJoin(room.id, what.body.user);
    } else if (what.type === 'member.role_changed') room.members.set(what.body.user, what.body.role);
    else if (what.type === 'member.removed' || what.type === 'member.left') room.members.delete(what.body.user);
    record(room.id, author, what);
  };
  return {
    rooms,
    create(history, owner, members) {
      const room: SimRoom = { id: deps.rng.id(), history, owner, members: new Map() };
      rooms.push(room);
      record(room.id, owner, { type: 'room.created', body: { kind: 'group', name: 'room', topic: '', visibility: 'private', history } });
      change(room, owner, { type: 'member.joined', body: { user: owner, role: 'owner' } });
      for (const user of members) change(room, owner, { type: 'member.joined', body: { user, role: 'member' } });
      return room;
    },
    change,
    resend(room, after) {
      sent.set(room, Math.min(sent.get(room) ?? 0, after));
      kick(room);
    },
    idle: () => relaying.size === 0,
  };
}
