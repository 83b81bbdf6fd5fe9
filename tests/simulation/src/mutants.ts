// Bugs planted into the code under test through the ports that it holds: each is a promise of a port, or of the store, that is not kept.
// A simulation that does not find them within a few seeds would not find them when they are real.

import type { Store } from '@parley/messages/memory';
import type { RequestOf, ResponseOf, syncUsers } from '@parley/protocol';
import { channelOf } from '@parley/protocol';
import type { InternalClient } from '@parley/runtime';
import { NOTHING_PLANTED, type Planted } from './world/planted.ts';

export interface SimMutant {
  readonly name: string;
  readonly planted: Planted;
}

type Sync = ResponseOf<typeof syncUsers>;

const withStore = (name: string, change: (store: Store, around: Parameters<Planted['store']>[1]) => Partial<Store>): SimMutant => ({
  name,
  planted: { ...NOTHING_PLANTED, store: (store, around) => overlay(store, change(store, around)) },
});

/** The store is a proxy; only the named methods are replaced. */
const overlay = (store: Store, changed: Partial<Store>): Store =>
  new Proxy(store, { get: (target, name) => (Object.hasOwn(changed, name) ? changed[name as keyof Store] : target[name as keyof Store]) });

/** What messages answers to `syncUsers` of a gateway, changed on its way. */
const withSync = (name: string, make: () => (request: RequestOf<typeof syncUsers>, answer: Sync) => Sync): SimMutant => ({
  name,
  planted: {
    ...NOTHING_PLANTED,
    internal: (client) => {
      const change = make();
      return {
        async call(contract, request) {
          const answer = await client.call(contract, request);
          return contract.name === 'messages.sync' ? (change(request as RequestOf<typeof syncUsers>, answer as Sync) as typeof answer) : answer;
        },
      } satisfies InternalClient;
    },
  },
});

const everyNth = (n: number): (() => boolean) => {
  let count = 0;
  return () => ++count % n === 0;
};

export const SIM_MUTANTS: readonly SimMutant[] = [
  {
    name: 'accepted before it is durable: one append in five is acknowledged and dropped',
    planted: {
      ...NOTHING_PLANTED,
      gatewayLog: (log) => {
        const drop = everyNth(5);
        return { ...log, append: async (topic, entries) => (drop() ? undefined : log.append(topic, entries)) };
      },
    },
  },
  {
    name: 'a log that puts one append in six behind those that came after it',
    planted: {
      ...NOTHING_PLANTED,
      gatewayLog: (log, world) => {
        const late = everyNth(6);
        return {
          ...log,
          append: async (topic, entries) => {
            if (late()) await world.sleep(60);
            return log.append(topic, entries);
          },
        };
      },
    },
  },
  withStore('published before it is committed', (store, { feed, world }) => ({
    async commit(write) {
      for (const { room, seq, author, time, client_id, msg_no, type, body } of write.events) {
        const event = { room, seq, author, time, clientId: client_id, msgNo: msg_no, type, body };
        await feed.publish([{ channel: channelOf.room(room), payload: { room, events: [event] }, tail: { from: seq, to: seq } }]).catch(() => undefined);
      }
      await world.sleep(150);
      return store.commit(write);
    },
  })),
  withStore('no fencing: the commit of a zombie is taken', (store) => ({
    async commit(write) {
      const now = new Map((await store.positions(write.topic)).map(({ partition, next }) => [partition, next]));
      return store.commit({ ...write, partitions: write.partitions.map((one) => ({ ...one, expected: now.get(one.partition) ?? one.expected })) });
    },
  })),
  withStore('the offset is saved before the effects', (store, { world }) => ({
    async commit(write) {
      const nothing = { events: [], rooms: [], members: [], messages: [], updates: [], redactions: [], results: [], users: [], deadLetters: [] };
      const before = new Map((await store.positions(write.topic)).map((at) => [at.partition, at]));
      // The place in the log moves, the events' positions not yet.
      const first = write.partitions.map((one) => ({ ...one, pos: before.get(one.partition)?.pos ?? 0 }));
      const saved = await store.commit({ ...write, ...nothing, partitions: first });
      if (saved.status === 'fenced') return saved;
      await world.sleep(2);
      return store.commit({ ...write, partitions: write.partitions.map((one) => ({ ...one, expected: one.next })) });
    },
  })),
  withStore('dedupe is off: stored results are forgotten', (store) => ({
    async load(request) {
      const state = await store.load(request);
      for (const room of state.values()) room.results.clear();
      return state;
    },
  })),
  withStore('a removal does not reach the members that commands are decided by', (store) => ({
    commit: (write) => store.commit({ ...write, members: write.members.filter((member) => member.role !== null) }),
  })),
  withStore('unread is one too many', (store) => ({
    async roomSummaries(user, rooms) {
      return (await store.roomSummaries(user, rooms)).map((summary) => ({ ...summary, read: { ...summary.read, unread: summary.read.unread + 1 } }));
    },
  })),
  withStore('a page of events skips its first', (store) => ({
    events: (room, after, limit) => store.events(room, after + 1, limit),
  })),
  withStore('an edit is stored without its text', (store) => ({
    commit: (write) => store.commit({ ...write, updates: write.updates.map((update) => ({ ...update, set_text: false })) }),
  })),
  withStore('a resume is not checked: who was a member once is one still', (store) => ({
    async sync(items) {
      const answers = await store.sync(items);
      const whole = await store.sync(items.map(({ user }) => ({ user, me: 0 })));
      const former = whole.map(({ me }) => me.changes.flatMap(({ key, value }) => (key.startsWith('room:') && value === null ? [key.slice(5)] : [])));
      const heads = await store.heads(former.flat());
      return answers.map((answer, i) => {
        const rights = (former[i] ?? []).map((room) => ({ room, role: 'member' as const, floor: 0, joinSeq: heads[room] ?? 1, head: heads[room] ?? 1 }));
        return { ...answer, rights: [...answer.rights, ...rights] };
      });
    },
  })),
  withSync('the floor of a stay is not told to gateways', () => (_, answer) => ({
    ...answer,
    items: answer.items.map((item) => ({ ...item, rights: item.rights.map((right) => ({ ...right, floor: 0, joinSeq: 1 })) })),
  })),
  {
    name: 'heads are compared with what the gateway knows itself',
    planted: {
      ...NOTHING_PLANTED,
      internal: (client) => ({
        async call(contract, request) {
          const answer = await client.call(contract, request);
          return contract.name === 'messages.heads'
            ? ({ ...(answer as object), heads: {}, positions: (request as { since: object }).since } as unknown as typeof answer)
            : answer;
        },
      }),
    },
  },
];
