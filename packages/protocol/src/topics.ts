// The logs, the feed channels and what they carry.

/** Topics of the EventLog. */
export const TOPICS = {
  /** key = room; RoomCommand. */
  roomCommand: 'room.command',
  /** key = room; CommittedEvent, at least once: consumers drop by (room, seq). */
  roomEvent: 'room.event',
  /** key = user; SessionEvent; kept one hour, read whole by every gateway worker before it accepts sockets. */
  sessionEvent: 'session.event',
  /** key = user; AccountEvent. */
  accountEvent: 'account.event',
  /** key = room where it is known; DeadLetterRecord. One partition. */
  roomDead: 'room.dead',
} as const;

/** Channels of the Feed. */
export const channelOf = {
  /** The room's events: payload FeedEvents. */
  room: (room: string) => `room:${room}`,
  /** One user's state and results: payload FeedUser. */
  user: (user: string) => `user:${user}`,
  /** Ephemera of a room (typing): payload FeedNow; no tail. */
  now: (room: string) => `now:${room}`,
} as const;

/** The person who writes the first messages of #welcome; made by accounts' first migration. */
export const WELCOME_BOT = '00000000-0000-7000-8000-000000000001';

/** Every queue of jobs: whoever enqueues takes its name from here, and so does `parley jobs`, which looks at all of them. */
export const QUEUES = {
  tell: 'notification.tell',
  digest: 'notification.digest',
  push: 'push.send',
  webhook: 'webhook.send',
  thumbnail: 'media.thumbnail',
} as const;
