// A messages service in a test: the real core over a store, a log and a feed in memory, and commands that are short to write.
import { createSeededRng, type EventLog, type Feed, type FeedMessage, type LogRecord, systemClock } from '@parley/ports';
import { createMemoryEventLog, createMemoryFeed } from '@parley/ports/memory';
import { type CommandResult, channelOf, encodeRecord, type FeedUser, partitionOf, type RoomChange, type RoomCommand, TOPICS } from '@parley/protocol';
import type { InternalClient } from '@parley/runtime';
import { createLogger } from '@parley/runtime';
import { createMessagesCore, type MessagesCore } from '../src/core.ts';
import type { Store } from '../src/store/store.ts';

export const PARTITIONS = 4;
export const logger = createLogger({ level: 'silent', pretty: false });

const ids = createSeededRng(7);
export const newId = (): string => ids.id();

export const newLog = (): EventLog =>
  createMemoryEventLog({
    topics: { [TOPICS.roomCommand]: { partitions: PARTITIONS }, [TOPICS.roomEvent]: { partitions: PARTITIONS }, [TOPICS.roomDead]: { partitions: 1 } },
    clock: systemClock,
    rng: ids,
  });

export interface World {
  readonly store: Store;
  readonly log: EventLog;
  readonly feed: Feed;
  readonly core: MessagesCore;
  /** Appends the commands as one append and waits until the worker has decided them. */
  say(...commands: readonly RoomCommand[]): Promise<void>;
  settle(): Promise<void>;
  /** What was told on the channel since it was first asked for. */
  listen(channel: string): Promise<FeedMessage[]>;
  results(user: string): Promise<CommandResult[]>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  readonly log?: EventLog;
  readonly feed?: Feed;
  readonly internal?: InternalClient;
  /** Default true. */
  readonly start?: boolean;
}

export async function createWorld(store: Store, { log = newLog(), feed, internal, start = true }: WorldOptions = {}): Promise<World> {
  const live = feed ?? createMemoryFeed({ clock: systemClock });
  const core = createMessagesCore({ store, log, feed: live, clock: systemClock, rng: ids, logger, ...(internal ? { internal } : {}) });
  if (start) await core.start();
  const settle = async (): Promise<void> => {
    await until(async () => {
      const { partitions } = await log.ends(TOPICS.roomCommand);
      const positions = await store.positions(TOPICS.roomCommand);
      return partitions.every(({ partition, next }) => positions.find((at) => at.partition === partition)?.next === next);
    });
  };
  return {
    store,
    log,
    feed: live,
    core,
    settle,
    say: async (...commands) => {
      await log.append(TOPICS.roomCommand, commands.map(entryOf));
      await settle();
    },
    listen: async (channel) => {
      const heard: FeedMessage[] = [];
      await live.subscribe(
        channel,
        (message) => heard.push(message),
        () => {},
      );
      return heard;
    },
    results: async (user) => {
      const heard: CommandResult[] = [];
      await live.subscribe(
        channelOf.user(user),
        (message) => heard.push(...(message.payload as FeedUser).results),
        () => {},
      );
      return heard;
    },
    stop: () => core.stop(),
  };
}

export const entryOf = (command: RoomCommand) => ({ partition: partitionOf(command.room, PARTITIONS), key: command.room, value: encodeRecord(command) });

/** Waits for a condition; fails after ten seconds. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('It did not come true within ten seconds.');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

let clock = 1_700_000_000_000;
const logged = (author: string) => ({ v: 1 as const, author, time: ++clock });

/** Commands of one room, in short. */
export function speaker(room: string) {
  let mver = 0;
  const change = (author: string, of: RoomChange, at = ++mver): RoomCommand => ({ ...logged(author), type: 'room.change', room, mver: at, change: of });
  return {
    room,
    change,
    create: (owner: string, history: 'all' | 'since_join' = 'all', kind: 'group' | 'direct' | 'channel' = 'group') =>
      change(owner, { type: 'room.created', body: { kind, name: 'Room', topic: '', visibility: 'private', history } }),
    join: (user: string, role: 'owner' | 'admin' | 'member' = 'member') => change(user, { type: 'member.joined', body: { user, role } }),
    leave: (user: string) => change(user, { type: 'member.left', body: { user } }),
    remove: (user: string, by = user) => change(by, { type: 'member.removed', body: { user } }),
    archive: (by: string) => change(by, { type: 'room.archived', body: {} }),
    post: (author: string, text = 'hello', clientId = newId(), replyTo: number | null = null): RoomCommand => ({
      ...logged(author),
      type: 'message.post',
      room,
      clientId,
      body: { text, replyTo },
    }),
    edit: (author: string, target: number, text: string, clientId = newId()): RoomCommand => ({
      ...logged(author),
      type: 'message.edit',
      room,
      clientId,
      body: { target, text },
    }),
    del: (author: string, target: number, clientId = newId()): RoomCommand => ({ ...logged(author), type: 'message.delete', room, clientId, body: { target } }),
    react: (author: string, target: number, emoji = '👍', clientId = newId()): RoomCommand => ({
      ...logged(author),
      type: 'reaction.add',
      room,
      clientId,
      body: { target, emoji },
    }),
    unreact: (author: string, target: number, emoji = '👍', clientId = newId()): RoomCommand => ({
      ...logged(author),
      type: 'reaction.remove',
      room,
      clientId,
      body: { target, emoji },
    }),
    bring: (author: string, text: string, clientId = newId(), replyTo: { author: string; clientId: string } | null = null): RoomCommand => ({
      ...logged(author),
      type: 'message.import',
      room,
      clientId,
      body: { text, replyTo },
    }),
  };
}

export const recordOf = (command: RoomCommand, offset: number): LogRecord => ({ ...entryOf(command), offset });
