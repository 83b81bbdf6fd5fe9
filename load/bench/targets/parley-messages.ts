// What a gateway asks of messages, answered from what its own feed has brought: everybody is a member of their one room from its beginning.
import type { Feed } from '@parley/ports';
import type { AnyRoomEvent, Contract, FeedEvents, RequestOf, ResponseOf } from '@parley/protocol';
import type { InternalClient } from '@parley/runtime';
import { numberOf, roomOf } from './parley-room.ts';

const EPOCH = '00000005-0000-7000-8000-000000000001';
/** Events of a room that a socket which fell behind can still be given. */
const KEPT = 4_096;

/** The feed as it is, and messages as far as it shows. `rooms`: how many there are. */
export function createFedMessages(feed: Feed, rooms: number): { feed: Feed; internal: InternalClient } {
  const kept = new Map<string, AnyRoomEvent[]>();
  const keep = ({ room, events }: FeedEvents): void => {
    const list = kept.get(room);
    if (list === undefined) kept.set(room, [...events]);
    else list.push(...events);
    if (list !== undefined && list.length > 2 * KEPT) list.splice(0, KEPT);
  };
  const head = (room: string): number => kept.get(room)?.at(-1)?.seq ?? 0;
  const rightsOf = (user: string): object[] => {
    const room = roomOf(numberOf(user) % rooms);
    return [{ room, role: 'member', floor: 0, joinSeq: 0, head: head(room) }];
  };
  const answers: Record<string, (request: never) => unknown> = {
    'messages.sync': ({ items }: { items: { user: string }[] }) => ({
      epoch: EPOCH,
      items: items.map(({ user }) => ({ me: { ver: 0, full: true, changes: [] }, rights: rightsOf(user) })),
    }),
    'messages.heads': ({ rooms: asked }: { rooms: string[] }) => ({
      epoch: EPOCH,
      positions: {},
      heads: Object.fromEntries(asked.map((room) => [room, head(room)])),
    }),
    'messages.events': ({ room, after, limit }: { room: string; after: number; limit: number }) => {
      const list = kept.get(room) ?? [];
      const skip = Math.max(0, after + 1 - (list[0]?.seq ?? 0));
      return { head: head(room), events: list.slice(skip, skip + limit) };
    },
  };
  return {
    feed: {
      ...feed,
      publish: (messages) => feed.publish(messages),
      since: (channel, after) => feed.since(channel, after),
      subscribe: (channel, listener, lost) =>
        feed.subscribe(
          channel,
          (message) => {
            if (channel.startsWith('room:')) keep(message.payload as FeedEvents);
            listener(message);
          },
          lost,
        ),
    },
    internal: {
      call: async <C extends Contract>(contract: C, request: RequestOf<C>): Promise<ResponseOf<C>> => {
        const answer = answers[contract.name];
        if (answer === undefined) throw new Error(`Nobody answers ${contract.name} here.`);
        return answer(request as never) as ResponseOf<C>;
      },
    },
  };
}
