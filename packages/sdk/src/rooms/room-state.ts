// Pure moves between a room's states other than one more event: a snapshot, a summary, an older page, a read mark, a shorter run.
import {
  type AnyRoomEvent,
  countsAsUnread,
  foldUnread,
  type HistoryPage,
  LIMITS,
  type ReadStateValue,
  type RoomSnapshot,
  type RoomSummary,
} from '@parley/protocol';
import type { RoomState } from '../api.ts';
import { applyToMembers, applyToMessages } from './apply-event.ts';

const NOTHING_READ: ReadStateValue = { seq: 0, n: 0, unread: 0, at: 0 };
export const NO_DRAFT: RoomState['draft'] = { text: '', replyTo: null };

/** A room of mine that nothing is known of yet. */
export const loadingRoom = (id: string, epoch: string): RoomState => ({
  id,
  summary: null,
  seq: 0,
  epoch,
  sync: 'loading',
  members: null,
  messages: [],
  notices: [],
  from: 0,
  more: true,
  read: NOTHING_READ,
  muted: false,
  draft: NO_DRAFT,
  typing: [],
});

/** The room as its summary tells it: an empty run that begins at the summary's place. */
export const startAtSummary = (room: RoomState, summary: RoomSummary): RoomState => ({
  ...room,
  summary,
  seq: summary.seq,
  epoch: summary.epoch,
  members: null,
  messages: [],
  notices: [],
  from: summary.seq,
  more: summary.seq > summary.floor,
  read: newerRead(room.read, summary.read),
});

/** The room as its snapshot tells it; whatever was there before is replaced. */
export const startAtSnapshot = (room: RoomState, snapshot: RoomSnapshot): RoomState => ({
  ...startAtSummary(room, snapshot.room),
  members: new Map(snapshot.members.map((member) => [member.user, member])),
  messages: snapshot.messages,
  notices: snapshot.notices,
  from: snapshot.from,
  more: snapshot.more,
});

/**
 * A mark of mine that the server had not heard of when it answered outlives the answer. What the server has said of it since is exact at
 * a later event and stays; else its number is the server's until the server has heard.
 */
const newerRead = (mine: ReadStateValue, theirs: ReadStateValue): ReadStateValue => {
  if (mine.n <= theirs.n) return theirs;
  return mine.at >= theirs.at ? mine : { ...mine, unread: theirs.unread, at: theirs.at };
};

/**
 * Members and newest messages joined to a room that is being followed: the place stays, so no event is passed over. `tail` = the events
 * applied since the snapshot was asked for. null: the snapshot does not touch what is here, so it has to replace it.
 */
export function joinSnapshot(room: RoomState, snapshot: RoomSnapshot, tail: readonly AnyRoomEvent[]): RoomState | null {
  const at = snapshot.room.seq;
  // Older than what was here when it was asked for, or wholly beyond: the two have no common edge.
  if (snapshot.from > room.seq || at < (tail[0]?.seq ?? room.seq + 1) - 1) return null;
  const later = tail.filter((event) => event.seq > at);
  let members: RoomState['members'] = new Map(snapshot.members.map((member) => [member.user, member]));
  for (const event of later) members = applyToMembers(members, event);
  const known = { ...room, members, summary: room.summary === null ? null : { ...room.summary, memberCount: members?.size ?? 0 } };
  return joinOlder(known, { at, from: snapshot.from, messages: snapshot.messages, notices: snapshot.notices, moreBefore: snapshot.more }, later);
}

/** A page that ends where the run begins, or beyond. Events after the page was read are applied to it; what it holds beyond the place waits for its events. */
export function joinOlder(
  room: RoomState,
  page: Pick<HistoryPage, 'at' | 'from' | 'messages' | 'notices' | 'moreBefore'>,
  tail: readonly AnyRoomEvent[],
): RoomState {
  if (page.from >= room.from) return room.more === page.moreBefore ? room : { ...room, more: page.moreBefore };
  let older = page.messages.filter((message) => message.seq <= room.from);
  for (const event of tail) if (event.seq > page.at) older = applyToMessages(older, event).slice(0, older.length) as typeof older;
  return {
    ...room,
    messages: [...older, ...room.messages],
    notices: [...page.notices.filter((notice) => notice.seq <= room.from), ...room.notices],
    from: page.from,
    more: page.moreBefore,
  };
}

/** Only the newest messages of a run that nobody looks at. */
export function trimRun(room: RoomState, keep: number): RoomState {
  const first = room.messages.at(-keep - 1);
  if (first === undefined) return room;
  return {
    ...room,
    messages: room.messages.slice(-keep),
    notices: room.notices.filter((notice) => notice.seq > first.seq),
    from: first.seq,
    more: true,
  };
}

/** Unread at the room's place for a mark, counted over the run; null when the run does not reach back to the mark. */
function countUnread(room: RoomState, mark: number, me: string): number | null {
  if (mark >= room.seq) return 0;
  if (room.from > mark) return null;
  let unread = 0;
  for (const message of room.messages) if (countsAsUnread(message, me, mark)) unread++;
  return Math.min(LIMITS.unread, unread);
}

const withRead = (room: RoomState, read: ReadStateValue): RoomState => ({
  ...room,
  read,
  summary: room.summary === null ? null : { ...room.summary, read },
});

/** The room with the mark moved by this client. Where the run is too short to count, the server's answer will correct the number. */
export function withOwnMark(room: RoomState, seq: number, me: string): RoomState {
  const unread = countUnread(room, seq, me) ?? room.read.unread;
  return withRead(room, { seq, n: room.read.n + 1, unread, at: Math.max(room.seq, room.read.at) });
}

/** A mark is a last-writer register by `n`; two devices may count on from the same number, and then the one that reaches further holds. */
export const isBefore = (one: Pick<ReadStateValue, 'n' | 'seq'>, other: Pick<ReadStateValue, 'n' | 'seq'>): boolean =>
  one.n < other.n || (one.n === other.n && one.n > 0 && one.seq < other.seq);

/**
 * The room with the read state that the server told. An older `n` is ignored; one that is exact at an earlier event is brought to the
 * room's place by `recent` (the last events applied, contiguous to the place), or counted over the run. null: it cannot be known from here.
 */
export function withServerRead(room: RoomState, told: ReadStateValue, recent: readonly AnyRoomEvent[], me: string): RoomState | null {
  if (isBefore(told, room.read)) return room;
  if (told.at >= room.seq) return withRead(room, told);
  if ((recent[0]?.seq ?? Number.POSITIVE_INFINITY) <= told.at + 1) {
    let read = told;
    for (const event of recent) read = foldUnread(read, event, me);
    return withRead(room, read);
  }
  // Own posts after the told place have moved the mark further.
  const mark = room.messages.reduce((seq, message) => (message.author === me && message.seq > told.at ? Math.max(seq, message.seq) : seq), told.seq);
  const unread = countUnread(room, mark, me);
  return unread === null || room.from > told.at ? null : withRead(room, { ...told, seq: mark, unread, at: room.seq });
}
