// The arithmetic and the tables that everybody shares.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { safeParse } from 'zod/mini';
import {
  type AnyRoomEvent,
  countsAsUnread,
  decodeRecord,
  Emoji,
  ERROR_CODES,
  ERRORS,
  foldUnread,
  isStorable,
  LIMITS,
  MemberCommand,
  MessageText,
  ParleyError,
  partitionOf,
  RoomCommand,
  type RoomEvent,
} from '../src/index.ts';

describe('the error table', () => {
  test('every code has an HTTP status, an outcome and something to do', () => {
    for (const code of ERROR_CODES) {
      const { http, outcome, action } = ERRORS[code];
      expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(http === 202 || (http >= 400 && http < 600)).toBe(true);
      expect(['refused', 'unknown']).toContain(outcome);
      expect(action).toMatch(/^[A-Z].*\.$/);
    }
  });
  test('what may have happened is never called refused: timeouts and faults are unknown', () => {
    expect(ERROR_CODES.filter((code) => ERRORS[code].outcome === 'unknown')).toEqual(['pending', 'unavailable', 'internal']);
  });
  test('an error carries its code, its row and only what was given', () => {
    expect(new ParleyError('slow_down', undefined, { retryAfterMs: 5 }).toBody()).toEqual({
      code: 'slow_down',
      message: ERRORS.slow_down.action,
      retryAfterMs: 5,
    });
    expect(new ParleyError('not_found').toBody()).toEqual({ code: 'not_found', message: ERRORS.not_found.action });
  });
});

describe('text', () => {
  test('what jsonb cannot hold is not storable: U+0000 and lone surrogates', () => {
    for (const text of ['a\u0000', '\ud800', 'a\udfff', '\udc00\ud800']) {
      expect(isStorable(text)).toBe(false);
      expect(safeParse(MessageText, text).success).toBe(false);
      expect(safeParse(Emoji, text).success).toBe(false);
    }
    expect(isStorable('👍\u0001é')).toBe(true);
  });
  test('well-formed text without U+0000 is storable, whatever else it holds', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => isStorable(text) === !text.includes('\u0000')));
  });
  test('the limit of a message is counted in bytes of UTF-8', () => {
    expect(safeParse(MessageText, 'é'.repeat(LIMITS.messageBytes / 2)).success).toBe(true);
    expect(safeParse(MessageText, `${'é'.repeat(LIMITS.messageBytes / 2)}a`).success).toBe(false);
    expect(safeParse(MessageText, ' \n\t').success).toBe(false);
  });
});

test('a room never changes its partition', () => {
  const golden: readonly (readonly [room: string, of4: number, of48: number])[] = [
    ['00000000-0000-7000-8000-000000000001', 1, 1],
    ['018f0000-0000-7000-8000-0000000000a1', 1, 37],
    ['', 1, 37],
  ];
  for (const [room, of4, of48] of golden) expect([room, partitionOf(room, 4), partitionOf(room, 48)]).toEqual([room, of4, of48]);
});

test('rooms spread over the partitions', () => {
  const counts = Array.from({ length: 4 }, () => 0);
  for (let i = 0; i < 4000; i++)
    counts[partitionOf(`018f0000-0000-7000-8000-${String(i).padStart(12, '0')}`, 4)] =
      (counts[partitionOf(`018f0000-0000-7000-8000-${String(i).padStart(12, '0')}`, 4)] ?? 0) + 1;
  for (const count of counts) expect(count).toBeGreaterThan(800);
});

describe('records', () => {
  test('what is not UTF-8, not JSON or not of the schema is poison, and says so by its code', () => {
    for (const bytes of [new Uint8Array([0xff, 0xfe]), new TextEncoder().encode('{'), new TextEncoder().encode('{"v":2}')]) {
      expect(() => decodeRecord(RoomCommand, bytes)).toThrow(expect.objectContaining({ code: 'poison' }));
    }
  });
  test('a member cannot say who they are, nor what rooms decides', () => {
    const post = { type: 'message.post', room: '018f0000-0000-7000-8000-0000000000a1', clientId: '018f0000-0000-7000-8000-0000000000c1', body: { text: 'hi' } };
    expect(safeParse(MemberCommand, post).success).toBe(true);
    expect(safeParse(MemberCommand, { ...post, author: post.room }).success).toBe(false);
    for (const type of ['message.import', 'room.change']) expect(safeParse(MemberCommand, { ...post, type }).success).toBe(false);
  });
});

describe('unread', () => {
  const [me, other] = ['me', 'other'];
  const step = fc.oneof(
    fc.constantFrom(me, other).map((author) => ({ kind: 'post' as const, author })),
    fc.nat(60).map((target) => ({ kind: 'delete' as const, target })),
    fc.constant({ kind: 'other' as const }),
  );

  /** The room's events, from steps: deletions only of messages that are there and not deleted yet, as decide makes them. */
  function eventsOf(steps: readonly { kind: 'post' | 'delete' | 'other'; author?: string; target?: number }[]): RoomEvent[] {
    const events: RoomEvent[] = [];
    const alive = new Map<number, string>();
    for (const { kind, author = other, target = 0 } of steps) {
      const seq = events.length + 1;
      const envelope = { room: 'r', seq, author, time: 0, clientId: null, msgNo: 0 };
      const said = alive.get(target);
      if (kind === 'post') {
        alive.set(seq, author);
        events.push({ ...envelope, type: 'message.posted', body: { text: 'x', replyTo: null, thread: null } });
      } else if (kind === 'delete' && said !== undefined) {
        alive.delete(target);
        events.push({ ...envelope, type: 'message.deleted', body: { target, targetAuthor: said } });
      } else events.push({ ...envelope, type: 'room.renamed', body: { name: 'x' } });
    }
    return events;
  }
  const recount = (events: readonly RoomEvent[], mark: number): number => {
    const deleted = new Set(events.flatMap((event) => (event.type === 'message.deleted' ? [event.body.target] : [])));
    return events.filter(
      (event) => event.type === 'message.posted' && countsAsUnread({ seq: event.seq, author: event.author, deleted: deleted.has(event.seq) }, me, mark),
    ).length;
  };

  test('folded over the events it is the recount, from wherever the fold begins', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(60), fc.nat(60), (steps, from, markAt) => {
        const events = eventsOf(steps);
        const at = Math.min(from, events.length);
        const mark = Math.min(markAt, at);
        const before = events.slice(0, at);
        let read = { seq: mark, n: 0, unread: recount(before, mark), at };
        for (const event of events.slice(at)) read = foldUnread(read, event as AnyRoomEvent, me);
        expect(read.unread).toBe(recount(events, read.seq));
        expect(read.at).toBe(events.length);
      }),
    );
  });
  test('an event that is counted already changes nothing, and the cap holds', () => {
    const [post] = eventsOf([{ kind: 'post', author: other }]) as [RoomEvent];
    const read = { seq: 0, n: 0, unread: 3, at: 5 };
    expect(foldUnread(read, post as AnyRoomEvent, me)).toBe(read);
    expect(foldUnread({ ...read, unread: LIMITS.unread, at: 0 }, post as AnyRoomEvent, me).unread).toBe(LIMITS.unread);
  });
});
