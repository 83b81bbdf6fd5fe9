// What one batch does to people's own state: rooms they are in, and the mark that an own post moves. Written in the commit itself.
// User state is never an input of decide: it has a second writer.
import { type ReadStateValue, type RoomEvent, type RoomStateValue, stateKey } from '@parley/protocol';
import type { UserStateRow } from '../store/batch-write.ts';
import { memberOf } from './project.ts';
import type { RoomState } from './state.ts';

export interface UserBatch {
  /** Called before the event is applied to `room`. */
  note(room: RoomState, event: RoomEvent): void;
  rows(): UserStateRow[];
}

/** Read up to the event itself. `n` 0 stands for "the counter that is stored": the store keeps it. */
const readAt = (seq: number): ReadStateValue => ({ seq, n: 0, unread: 0, at: seq });

export function createUserBatch(): UserBatch {
  const users = new Map<string, Map<string, unknown>>();
  const put = (user: string, key: string, value: unknown): void => {
    const keys = users.get(user);
    if (keys) keys.set(key, value);
    else users.set(user, new Map([[key, value]]));
  };

  const joined = (room: RoomState, user: string, role: RoomStateValue['role'], seq: number): void => {
    const floor = room.head.history === 'all' ? 0 : seq - 1;
    put(user, stateKey.room(room.room), { role, floor, joinSeq: seq } satisfies RoomStateValue);
    put(user, stateKey.read(room.room), readAt(seq));
  };

  return {
    note(room, event) {
      switch (event.type) {
        case 'member.joined':
          joined(room, event.body.user, event.body.role, event.seq);
          return;
        case 'member.left':
        case 'member.removed':
          put(event.body.user, stateKey.room(room.room), null);
          return;
        case 'member.role_changed': {
          const member = memberOf(room, event.body.user);
          if (member)
            put(event.body.user, stateKey.room(room.room), { role: event.body.role, floor: member.floor, joinSeq: member.joinSeq } satisfies RoomStateValue);
          return;
        }
        case 'message.posted':
          if (memberOf(room, event.author)) put(event.author, stateKey.read(room.room), readAt(event.seq));
          return;
      }
    },
    rows: () => [...users].flatMap(([u, keys]) => [...keys].map(([k, v], i) => ({ u, k, v, o: keys.size - 1 - i }))),
  };
}
