// The messages service as the gateway sees it, in memory and exact: rooms with dense events, members with floors, versioned user state.
// The journeys run the real one; here its timing and failures must be chosen by the test.
import type { EventLog, Feed, FeedPublish, LogConsumption } from '@parley/ports';
import {
  type AnyRoomEvent,
  type Contract,
  channelOf,
  decodeRecord,
  markRead,
  ParleyError,
  type RequestOf,
  type ResponseOf,
  type Right,
  RoomCommand,
  readEvents,
  readHeads,
  type StateChange,
  syncUsers,
  TOPICS,
} from '@parley/protocol';
import type { InternalClient } from '@parley/runtime';

interface FakeRoom {
  readonly events: AnyRoomEvent[];
  readonly members: Map<string, { floor: number; joinSeq: number }>;
}

export interface FakeMessages {
  readonly internal: InternalClient;
  readonly marks: RequestOf<typeof markRead>['marks'][number][];
  epoch: string;
  /** Set: every call fails so. */
  failing: ParleyError | null;
  /** Calls by contract name. */
  readonly calls: Map<string, number>;
  /** Between reading the answer and giving it. */
  delay: () => Promise<void>;
  events(room: string): readonly AnyRoomEvent[];
  isMember(room: string, user: string): boolean;
  join(room: string, user: string, history?: 'all' | 'since_join'): Promise<number>;
  remove(room: string, user: string): Promise<number>;
  post(room: string, author: string, text: string, clientId?: string): Promise<number>;
  /** Commits without telling the feed: what it lost. */
  postUnheard(room: string, author: string, text: string): number;
  stateOf(user: string): { ver: number; keys: ReadonlyMap<string, StateChange> };
  /** Takes commands out of the log and commits them. */
  follow(log: EventLog): Promise<LogConsumption>;
}

export function createFakeMessages(feed: Pick<Feed, 'publish'>, epoch: string): FakeMessages {
  const rooms = new Map<string, FakeRoom>();
  const users = new Map<string, { ver: number; keys: Map<string, StateChange> }>();
  const results = new Map<string, number>();
  const touched: { pos: number; room: string }[] = [];

  const roomOf = (id: string): FakeRoom => {
    const room = rooms.get(id) ?? { events: [], members: new Map() };
    rooms.set(id, room);
    return room;
  };
  const userOf = (id: string) => {
    const user = users.get(id) ?? { ver: 0, keys: new Map<string, StateChange>() };
    users.set(id, user);
    return user;
  };
  const commit = (id: string, type: string, author: string, body: object, clientId: string | null = null): AnyRoomEvent => {
    const room = roomOf(id);
    const msgNo = (room.events.at(-1)?.msgNo ?? 0) + (type === 'message.posted' ? 1 : 0);
    const event = { room: id, seq: room.events.length + 1, author, time: 1, clientId, msgNo, type, body } as AnyRoomEvent;
    room.events.push(event);
    touched.push({ pos: touched.length + 1, room: id });
    return event;
  };
  const eventMessage = (event: AnyRoomEvent): FeedPublish => ({
    channel: channelOf.room(event.room),
    payload: { room: event.room, events: [event] },
    tail: { from: event.seq, to: event.seq },
  });
  const changeKey = (id: string, key: string, value: unknown): FeedPublish => {
    const user = userOf(id);
    user.ver += 1;
    const change = { key, value, ver: user.ver };
    user.keys.set(key, change);
    return { channel: channelOf.user(id), payload: { user: id, changes: [change], results: [] } };
  };
  const sync = (request: RequestOf<typeof syncUsers>): ResponseOf<typeof syncUsers> => ({
    epoch: self.epoch,
    items: request.items.map(({ user: id, me }) => {
      const user = userOf(id);
      const changes = [...user.keys.values()].filter((change) => change.ver > (me ?? 0)).sort((a, b) => a.ver - b.ver);
      const rights: Right[] = [];
      for (const [room, { members, events }] of rooms) {
        const member = members.get(id);
        if (member !== undefined) rights.push({ room, role: 'member', head: events.length, ...member });
      }
      return { me: { ver: user.ver, full: me === null, changes }, rights };
    }),
  });
  const heads = (request: RequestOf<typeof readHeads>): ResponseOf<typeof readHeads> => {
    const after = request.since['0'];
    const changed = after === undefined ? [] : touched.filter(({ pos }) => pos > after).map(({ room }) => room);
    const named = [...new Set([...changed, ...request.rooms])];
    return { epoch: self.epoch, positions: { '0': touched.length }, heads: Object.fromEntries(named.map((room) => [room, roomOf(room).events.length])) };
  };
  const answer = (name: string, request: unknown): unknown => {
    if (name === syncUsers.name) return sync(request as RequestOf<typeof syncUsers>);
    if (name === readHeads.name) return heads(request as RequestOf<typeof readHeads>);
    if (name === readEvents.name) {
      const { room, after, limit } = request as RequestOf<typeof readEvents>;
      const { events } = roomOf(room);
      return { head: events.length, events: events.slice(after, after + limit) };
    }
    if (name === markRead.name) {
      self.marks.push(...(request as RequestOf<typeof markRead>).marks);
      return {};
    }
    throw new ParleyError('not_found', name);
  };

  const self: FakeMessages = {
    marks: [],
    epoch,
    failing: null,
    calls: new Map(),
    delay: async () => {},
    internal: {
      async call<C extends Contract>(contract: C, request: RequestOf<C>): Promise<ResponseOf<C>> {
        self.calls.set(contract.name, (self.calls.get(contract.name) ?? 0) + 1);
        if (self.failing !== null) throw self.failing;
        const answered = structuredClone(answer(contract.name, request));
        await self.delay();
        return answered as ResponseOf<C>;
      },
    },
    events: (room) => roomOf(room).events,
    isMember: (room, user) => roomOf(room).members.has(user),
    async join(id, user, history = 'all') {
      const event = commit(id, 'member.joined', user, { user, role: 'member' });
      const place = { floor: history === 'all' ? 0 : event.seq - 1, joinSeq: event.seq };
      roomOf(id).members.set(user, place);
      await feed.publish([eventMessage(event), changeKey(user, `room:${id}`, { role: 'member', ...place })]);
      return event.seq;
    },
    async remove(id, user) {
      const event = commit(id, 'member.removed', user, { user });
      roomOf(id).members.delete(user);
      await feed.publish([eventMessage(event), changeKey(user, `room:${id}`, null)]);
      return event.seq;
    },
    async post(id, author, text, clientId) {
      const event = commit(id, 'message.posted', author, { text, replyTo: null, thread: null }, clientId ?? null);
      await feed.publish([eventMessage(event)]);
      return event.seq;
    },
    postUnheard: (id, author, text) => commit(id, 'message.posted', author, { text, replyTo: null, thread: null }).seq,
    stateOf: userOf,
    follow: (log) =>
      log.consume(TOPICS.roomCommand, {
        group: 'messages',
        start: async (partitions, ends) => new Map(ends.partitions.filter((p) => partitions.includes(p.partition)).map((p) => [p.partition, p.from])),
        handle: async (records) => {
          for (const record of records) {
            const command = decodeRecord(RoomCommand, record.value);
            if (command.type !== 'message.post') continue;
            const key = `${command.room} ${command.author} ${command.clientId}`;
            const member = roomOf(command.room).members.has(command.author);
            const seq = results.get(key) ?? (member ? await self.post(command.room, command.author, command.body.text, command.clientId) : undefined);
            if (seq !== undefined) results.set(key, seq);
            const result =
              seq === undefined
                ? { room: command.room, clientId: command.clientId, status: 'rejected', code: 'not_member' }
                : { room: command.room, clientId: command.clientId, status: 'committed', seq };
            await feed.publish([{ channel: channelOf.user(command.author), payload: { user: command.author, changes: [], results: [result] } }]);
          }
        },
      }),
  };
  return self;
}
