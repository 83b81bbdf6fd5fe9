// Tells the feed what was committed: events on `room:<id>`, changes of state and results on `user:<id>`. The feed may lose anything;
// this may not skip anything: (published, pos] is told again at start, at takeover and after a failure.
import type { Clock, Feed, FeedPublish } from '@parley/ports';
import { type AnyRoomEvent, type CommittedEvent, channelOf, type FeedEvents, type FeedUser, stateKey } from '@parley/protocol';
import { type Logger, NO_TRACING, type Span } from '@parley/runtime';
import type { Answer } from './decide/batch.ts';
import { createFollower, type Follower } from './follower.ts';
import { FollowedCommits } from './pipeline/followed.ts';
import type { Store, UserChanges } from './store/store.ts';

/** What a batch has to tell people beside its events. */
export interface Told {
  readonly users: readonly UserChanges[];
  readonly answers: readonly Answer[];
}

export interface Publisher extends Follower<Told> {
  /** Tells users at once, beside the order of events. Rejects when the feed does. */
  tell(users: readonly UserChanges[], answers: readonly Answer[]): Promise<void>;
}

export interface PublisherDeps {
  readonly store: Store;
  readonly feed: Feed;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Commits that somebody follows. */
  readonly followed?: FollowedCommits;
}

export function createPublisher({ store, feed, clock, logger, followed = new FollowedCommits(NO_TRACING) }: PublisherDeps): Publisher {
  const follower = createFollower<Told>({
    name: 'live distribution',
    store,
    clock,
    logger,
    deliver: async (events, told) => {
      const spans = followed.begin('feed.publish', events);
      const messages = [...roomMessages(events, spans), ...userMessages(told)];
      try {
        if (messages.length > 0) await feed.publish(messages);
      } catch (error) {
        followed.end(spans, 'unavailable');
        throw error;
      }
      followed.end(spans);
    },
    recall: async (events) => [{ users: await store.stateOf(stateTouchedBy(events)), answers: answersOf(events) }],
  });
  return { ...follower, tell: async (users, answers) => feed.publish(userMessages([{ users, answers }])) };
}

/** One message per room: within a room the events follow each other without a hole, because positions do. */
function roomMessages(events: readonly CommittedEvent[], spans: ReadonlyMap<CommittedEvent, Span> | null): FeedPublish[] {
  const traces = spans === null ? null : tracesByRoom(spans);
  const rooms = new Map<string, AnyRoomEvent[]>();
  for (const { event } of events) {
    const list = rooms.get(event.room);
    if (list) list.push(event);
    else rooms.set(event.room, [event]);
  }
  return [...rooms].map(([room, list]) => ({
    channel: channelOf.room(room),
    payload: { room, events: list, ...(traces?.has(room) ? { traces: traces.get(room) as Record<string, string> } : {}) } satisfies FeedEvents,
    tail: { from: (list[0] as AnyRoomEvent).seq, to: (list.at(-1) as AnyRoomEvent).seq },
  }));
}

function tracesByRoom(spans: ReadonlyMap<CommittedEvent, Span>): ReadonlyMap<string, Record<string, string>> {
  const rooms = new Map<string, Record<string, string>>();
  for (const [{ event }, { traceparent }] of spans) {
    if (traceparent !== undefined) rooms.set(event.room, { ...rooms.get(event.room), [event.seq]: traceparent });
  }
  return rooms;
}

function userMessages(told: readonly Told[]): FeedPublish[] {
  const users = new Map<string, FeedUser>();
  const of = (user: string): FeedUser => {
    let payload = users.get(user);
    if (!payload) {
      payload = { user, changes: [], results: [] };
      users.set(user, payload);
    }
    return payload;
  };
  for (const { users: changed, answers } of told) {
    for (const { user, changes } of changed) of(user).changes.push(...changes);
    for (const { user, result } of answers) of(user).results.push(result);
  }
  return [...users].map(([user, payload]) => ({ channel: channelOf.user(user), payload }));
}

/** Which keys of whose state these events have changed; their present values are told, and who sees a hole in ver asks. */
function stateTouchedBy(events: readonly CommittedEvent[]): { user: string; key: string }[] {
  const touched = new Map<string, { user: string; key: string }>();
  const add = (user: string, key: string) => touched.set(`${user} ${key}`, { user, key });
  for (const { event } of events) {
    if (event.type === 'message.posted') add(event.author, stateKey.read(event.room));
    if (event.type.startsWith('member.') && 'user' in event.body) {
      add(event.body.user, stateKey.room(event.room));
      if (event.type === 'member.joined') add(event.body.user, stateKey.read(event.room));
    }
  }
  return [...touched.values()];
}

/** Rejections are not told again: their senders ask again and get the stored result. */
function answersOf(events: readonly CommittedEvent[]): Answer[] {
  return events.flatMap(({ event }) =>
    event.clientId === null
      ? []
      : [{ user: event.author, result: { room: event.room, clientId: event.clientId, status: 'committed' as const, seq: event.seq } }],
  );
}
