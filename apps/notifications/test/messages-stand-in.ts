// What notifications depends on of messages and accounts, answered from what was said: events, rights, marks, mutes, people.
import { createSeededRng, type EventLog } from '@parley/ports';
import {
  type CommittedEvent,
  encodeRecord,
  findPeople,
  ParleyError,
  partitionOf,
  type Role,
  type RoomEvent,
  readEvents,
  readRight,
  readToTell,
  TOPICS,
} from '@parley/protocol';
import { answer, type InternalHandler } from '@parley/runtime';

const ids = createSeededRng(11);
export const newId = (): string => ids.id();

export interface Someone {
  readonly id: string;
  readonly handle: string;
}

type Body<T extends RoomEvent['type']> = Extract<RoomEvent, { type: T }>['body'];

export interface StandIn {
  readonly handlers: readonly InternalHandler[];
  /** While true, messages answers `unavailable`. */
  away: boolean;
  person(name: string): Someone;
  /** Makes a room with these members, the first its owner. */
  room(kind: 'direct' | 'group', name: string | null, members: readonly Someone[]): Promise<string>;
  /** Answers the seq. `silent`: it does not get into the log. */
  say<T extends RoomEvent['type']>(room: string, author: Someone, type: T, body: Body<T>, how?: { silent?: boolean; time?: number }): Promise<number>;
  post(room: string, author: Someone, text: string): Promise<number>;
  /** The record of an event once more, as at-least-once does. */
  again(room: string, seq: number): Promise<void>;
  read(user: Someone, room: string, seq: number): void;
  mute(user: Someone, room: string): void;
}

interface Room {
  readonly events: RoomEvent[];
  readonly members: Map<string, Role>;
}

export function createStandIn(log: EventLog, now: () => number): StandIn {
  const rooms = new Map<string, Room>();
  const people: Someone[] = [];
  const marks = new Map<string, number>();
  const muted = new Set<string>();
  const append = async (event: RoomEvent): Promise<void> => {
    const committed: CommittedEvent = { v: 1, event, mver: null, pos: event.seq, partition: 0 };
    const count = (await log.ends(TOPICS.roomEvent)).partitions.length;
    await log.append(TOPICS.roomEvent, [{ partition: partitionOf(event.room, count), key: event.room, value: encodeRecord(committed) }]);
  };
  const check = (): void => {
    if (standIn.away) throw new ParleyError('unavailable');
  };
  const textOf = (events: readonly RoomEvent[], seq: number): { author: string; time: number; text: string } | null => {
    const posted = events[seq - 1];
    if (posted?.type !== 'message.posted' || posted.body.text === null) return null;
    if (events.some((event) => event.type === 'message.deleted' && event.body.target === seq)) return null;
    return { author: posted.author, time: posted.time, text: posted.body.text };
  };

  const standIn: StandIn = {
    away: false,
    handlers: [
      answer(readToTell, async ({ items }) => {
        check();
        return {
          items: items.map(({ user, room, seq }) => {
            const said = textOf(rooms.get(room)?.events ?? [], seq);
            if (said === null || !rooms.get(room)?.members.has(user)) return null;
            return { ...said, read: (marks.get(`${user}/${room}`) ?? 0) >= seq, muted: muted.has(`${user}/${room}`) };
          }),
        };
      }),
      answer(readEvents, async ({ room, after, limit }) => {
        check();
        const { events } = rooms.get(room) ?? { events: [] };
        return { head: events.length, events: events.slice(after, after + limit) };
      }),
      answer(readRight, async ({ user, room }) => {
        const role = rooms.get(room)?.members.get(user);
        return { right: role === undefined ? null : { room, role, floor: 0, joinSeq: 1, head: rooms.get(room)?.events.length ?? 0 } };
      }),
      answer(findPeople, async ({ ids: wanted, handles }) => ({
        people: people
          .filter((one) => wanted.includes(one.id) || handles.includes(one.handle))
          .map((one) => ({ ...one, name: one.handle.toUpperCase(), ver: 1, bot: false })),
      })),
    ],
    person(handle) {
      const one = { id: newId(), handle };
      people.push(one);
      return one;
    },
    async room(kind, name, members) {
      const id = newId();
      rooms.set(id, { events: [], members: new Map() });
      const [owner] = members;
      if (owner === undefined) throw new Error('A room has an owner.');
      await standIn.say(id, owner, 'room.created', { kind, name, topic: '', visibility: 'private', history: 'all' });
      for (const one of members) await standIn.say(id, owner, 'member.joined', { user: one.id, role: one === owner ? 'owner' : 'member' });
      return id;
    },
    async say(room, author, type, body, { silent = false, time = now() } = {}) {
      const known = rooms.get(room);
      if (known === undefined) throw new Error('There is no such room.');
      const seq = known.events.length + 1;
      const event = { room, seq, author: author.id, time, clientId: null, msgNo: 0, type, body } as RoomEvent;
      known.events.push(event);
      if (event.type === 'member.joined' || event.type === 'member.role_changed') known.members.set(event.body.user, event.body.role);
      if (event.type === 'member.left' || event.type === 'member.removed') known.members.delete(event.body.user);
      if (!silent) await append(event);
      return seq;
    },
    post: (room, author, text) => standIn.say(room, author, 'message.posted', { text, replyTo: null, thread: null }),
    async again(room, seq) {
      const event = rooms.get(room)?.events[seq - 1];
      if (event !== undefined) await append(event);
    },
    read: (user, room, seq) => void marks.set(`${user.id}/${room}`, seq),
    mute: (user, room) => void muted.add(`${user.id}/${room}`),
  };
  return standIn;
}
