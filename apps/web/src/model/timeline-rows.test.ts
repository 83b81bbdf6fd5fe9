// Grouping, days, the "new" line and folding, on small rooms.
import { describe, expect, it } from 'vitest';
import type { MessageView } from './message-view.ts';
import type { RoomEvent } from './shapes.ts';
import { GROUP_MS, type Row, type RowsInput, timelineRows } from './timeline-rows.ts';

const NOON = new Date(2026, 4, 5, 12, 0).getTime();
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const view = (seq: number, author: string, time: number, more: Partial<MessageView> = {}): MessageView => ({
  key: `k${seq}`,
  seq,
  author,
  time,
  text: `text ${seq}`,
  attachments: [],
  replyTo: null,
  edited: false,
  deleted: false,
  reactions: {},
  pending: null,
  ...more,
});
const joined = (seq: number, user: string, time = NOON): RoomEvent => ({
  room: 'r',
  seq,
  author: user,
  time,
  clientId: null,
  msgNo: 0,
  type: 'member.joined',
  body: { user, role: 'member' },
});
const rows = (views: MessageView[], more: Partial<RowsInput> = {}): readonly Row[] =>
  timelineRows({ views, notices: [], readUpTo: null, me: 'me', beginning: false, ...more });
const heads = (list: readonly Row[]) => list.map((row) => row.kind === 'message' && row.head);

describe('grouping', () => {
  it('shows a name once for messages of one author within five minutes', () => {
    expect(heads(rows([view(1, 'ada', NOON), view(2, 'ada', NOON + MINUTE), view(3, 'bo', NOON + 2 * MINUTE)]))).toEqual([true, false, true]);
  });
  it('begins a new group when five minutes have passed', () => {
    expect(heads(rows([view(1, 'ada', NOON), view(2, 'ada', NOON + GROUP_MS)]))).toEqual([true, true]);
  });
  it('begins a new group at an answer', () => {
    expect(heads(rows([view(1, 'ada', NOON), view(2, 'ada', NOON + 1, { replyTo: 1 })]))).toEqual([true, true]);
  });
  it('begins a new group after a system line', () => {
    expect(heads(rows([view(1, 'ada', NOON), view(3, 'ada', NOON + 1)], { notices: [joined(2, 'bo')] }))).toEqual([true, false, true]);
  });
});

describe('days', () => {
  it('puts a separator above the first row and above each new day', () => {
    const list = rows([view(1, 'ada', NOON), view(2, 'ada', NOON + MINUTE), view(3, 'ada', NOON + DAY)]);
    expect(list.map((row) => row.day)).toEqual([NOON, null, NOON + DAY]);
  });
  it('begins a group with each day, even within five minutes', () => {
    const midnight = new Date(2026, 4, 6).getTime();
    expect(heads(rows([view(1, 'ada', midnight - 1), view(2, 'ada', midnight + 1)]))).toEqual([true, true]);
  });
});

describe('the "new" line', () => {
  const three = [view(1, 'ada', NOON), view(2, 'me', NOON + 1), view(3, 'ada', NOON + 2), view(4, 'bo', NOON + 3)];
  it('stands above the first message of somebody else after the mark, once', () => {
    expect(rows(three, { readUpTo: 1 }).map((row) => row.fresh)).toEqual([false, false, true, false]);
  });
  it('is not drawn without a mark or when all is read', () => {
    expect(rows(three).some((row) => row.fresh)).toBe(false);
    expect(rows(three, { readUpTo: 4 }).some((row) => row.fresh)).toBe(false);
  });
});

describe('deleted messages', () => {
  const gone = view(1, 'ada', NOON, { deleted: true, text: null });
  it('leave nothing when nobody answered', () => {
    expect(rows([gone, view(2, 'bo', NOON)]).map((row) => row.key)).toEqual(['k2']);
  });
  it('leave a line where an answer hangs on them', () => {
    expect(rows([gone, view(2, 'bo', NOON, { replyTo: 1 })]).map((row) => row.key)).toEqual(['k1', 'k2']);
  });
});

describe('system lines', () => {
  it('that follow each other share one row, in their place between the messages', () => {
    const list = rows([view(1, 'ada', NOON), view(5, 'ada', NOON + 1)], { notices: [joined(2, 'bo'), joined(3, 'cy'), joined(4, 'di')] });
    expect(list.map((row) => (row.kind === 'system' ? row.events.length : row.kind))).toEqual(['message', 3, 'message']);
  });
  it('of different days do not share a row', () => {
    const list = rows([], { notices: [joined(1, 'bo'), joined(2, 'cy', NOON + DAY)] });
    expect(list.map((row) => row.day)).toEqual([NOON, NOON + DAY]);
  });
});

it('keeps the keys of all rows when an older page comes before them', () => {
  const later = [view(5, 'ada', NOON + MINUTE), view(6, 'bo', NOON + 2 * MINUTE)];
  const before = rows(later).map((row) => row.key);
  expect(
    rows([view(4, 'ada', NOON), ...later])
      .map((row) => row.key)
      .slice(1),
  ).toEqual(before);
});

it('shows the beginning of the room only when nothing is before it', () => {
  expect(rows([view(1, 'ada', NOON)], { beginning: true })[0]?.kind).toBe('start');
  expect(rows([view(1, 'ada', NOON)])[0]?.kind).toBe('message');
});
