// Sections, walking unread rooms, the title of the tab; names and system words beside them.
import { describe, expect, it } from 'vitest';
import { initials, listNames } from './names.ts';
import { joinPages } from './pages.ts';
import { nextUnread, pageTitle, totalUnread } from './room-list.ts';
import type { Message, Page, RoomEvent, RoomState } from './shapes.ts';
import { foldedLine, systemLine } from './system-words.ts';

const room = (id: string, unread: number, muted = false) => ({ id, muted, read: { seq: 0, n: 0, unread, at: 0 } }) as RoomState;

describe('walking unread rooms', () => {
  const order = [room('a', 0), room('b', 2), room('c', 5, true), room('d', 1)];
  it('goes to the next and the previous one, round the end, past muted rooms', () => {
    expect(nextUnread(order, 'a', 1)).toBe('b');
    expect(nextUnread(order, 'b', 1)).toBe('d');
    expect(nextUnread(order, 'd', 1)).toBe('b');
    expect(nextUnread(order, 'a', -1)).toBe('d');
    expect(nextUnread(order, null, 1)).toBe('b');
    expect(nextUnread(order, null, -1)).toBe('d');
  });
  it('says when there is none', () => {
    expect(nextUnread([room('a', 0), room('b', 3)], 'b', 1)).toBeNull();
    expect(nextUnread([], null, 1)).toBeNull();
  });
});

it('counts what waits in rooms that are not muted, in the title too', () => {
  expect(totalUnread([room('a', 2), room('b', 7, true), room('c', 1)])).toBe(3);
  expect(pageTitle(3, '#welcome')).toBe('(3) #welcome · Parley');
  expect(pageTitle(0, null)).toBe('Parley');
  expect(pageTitle(1_000, null)).toBe('(999+) Parley');
});

describe('names', () => {
  it('gives two letters for two words, one for one', () => {
    expect(['Ada Lovelace', 'ken', 'LiMp^', '[mad]Hatter', '大家好'].map(initials)).toEqual(['AL', 'K', 'L', 'MH', '大']);
  });
  it('lists a few and counts the rest', () => {
    expect(listNames(['Ada'])).toBe('Ada');
    expect(listNames(['Ada', 'Bo'])).toBe('Ada and Bo');
    expect(listNames(['Ada', 'Bo', 'Cy'])).toBe('Ada, Bo and 1 other');
  });
});

describe('system lines', () => {
  const event = (type: string, author: string, body: Record<string, unknown>): RoomEvent => ({
    room: 'r',
    seq: 1,
    author,
    time: 0,
    clientId: null,
    msgNo: 0,
    type,
    body,
  });
  const nameOf = (id: string) => id.toUpperCase();
  it('say who did what to whom', () => {
    expect(systemLine(event('member.joined', 'ada', { user: 'ada' }), nameOf)).toBe('ADA joined');
    expect(systemLine(event('member.joined', 'ada', { user: 'bo' }), nameOf)).toBe('ADA added BO');
    expect(systemLine(event('room.renamed', 'ada', { name: 'new' }), nameOf)).toBe('ADA renamed the room to “new”');
  });
  it('say nothing about what a newer server invents', () => {
    expect(systemLine(event('room.painted', 'ada', {}), nameOf)).toBeNull();
  });
  it('fold many into one sentence', () => {
    const many = ['a', 'b', 'c', 'd'].map((user) => event('member.joined', user, { user }));
    expect(foldedLine([...many, event('member.left', 'e', { user: 'e' }), event('room.archived', 'a', {})], nameOf)).toBe(
      'A, B and 2 others joined, E left, 1 other change',
    );
  });
});

describe('joining pages', () => {
  const page = (from: number, to: number, ver = 0): Page => ({
    at: to,
    from,
    to,
    messages: Array.from({ length: to - from }, (_, i) => ({ seq: from + i + 1, ver }) as Message),
    notices: [],
    moreBefore: from > 0,
    moreAfter: true,
  });
  it('joins pages that touch or overlap, in order, each message once', () => {
    const joined = joinPages(page(10, 20), page(0, 12, 5));
    expect(joined?.messages.map((message) => message.seq)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(joined?.messages[10]?.ver).toBe(5);
    expect(joined).toMatchObject({ from: 0, to: 20, moreBefore: false });
    expect(joinPages(page(0, 10), page(10, 20))?.messages).toHaveLength(20);
  });
  it('never hides a hole', () => {
    expect(joinPages(page(0, 10), page(11, 20))).toBeNull();
  });
});
