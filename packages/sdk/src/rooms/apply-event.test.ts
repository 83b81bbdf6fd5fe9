// The reducer against the model: snapshot + events = fresh snapshot, for every event type, with pages joined at any moment.
import { type AnyRoomEvent, ROOM_EVENT_TYPES } from '@parley/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pageAt, snapshotAt } from '../../test/model-room.ts';
import { choices, eventsOf, ME } from '../../test/random-events.ts';
import type { RoomState } from '../api.ts';
import { applyEvent, placeOf } from './apply-event.ts';
import { joinOlder, joinSnapshot, loadingRoom, startAtSnapshot, trimRun, withOwnMark, withServerRead } from './room-state.ts';

const LIMIT = 5;
const at = (events: readonly AnyRoomEvent[], seq: number, limit = LIMIT): RoomState =>
  startAtSnapshot(loadingRoom(events[0]!.room, 'epoch'), snapshotAt(events, seq, ME, limit));
const applyAll = (room: RoomState, events: readonly AnyRoomEvent[]) => events.reduce((state, event) => applyEvent(state, event, ME), room);
/** What a client shows, in one form whatever way it came about. */
const shown = (room: RoomState, limit: number) => {
  const kept = trimRun(room, limit);
  return { ...kept, members: [...(kept.members ?? new Map()).values()].sort((a, b) => (a.user < b.user ? -1 : 1)), sync: null };
};

describe('the reducer', () => {
  test('snapshot and the events after it are the fresh snapshot, for every event type', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.property(choices(), fc.nat(), (list, cut) => {
        const events = eventsOf(list);
        const from = 2 + (cut % (events.length - 1));
        for (const event of events.slice(from)) seen.add(event.type);
        const followed = applyAll(at(events, from), events.slice(from));
        expect(shown(followed, LIMIT)).toEqual(shown(at(events, events.length), LIMIT));
      }),
      { numRuns: 400, seed: 7 },
    );
    expect([...seen].sort()).toEqual([...ROOM_EVENT_TYPES.filter((type) => type !== 'room.created'), 'poll.opened'].sort());
  });

  test('an event applies only at its place: a smaller one changes nothing, a greater one is a gap', async () => {
    await fc.assert(
      fc.property(choices(20), fc.nat(), fc.nat(), (list, cut, pick) => {
        const events = eventsOf(list);
        const room = at(events, 2 + (cut % (events.length - 1)));
        const event = events[pick % events.length]!;
        const place = placeOf(room, event);
        expect(place).toBe(event.seq <= room.seq ? 'old' : event.seq === room.seq + 1 ? 'next' : 'gap');
        if (place !== 'next') expect(applyEvent(room, event, ME)).toBe(room);
      }),
    );
  });

  test('what was given is never changed', async () => {
    await fc.assert(
      fc.property(choices(30), (list) => {
        const events = eventsOf(list);
        const start = at(events, 2);
        const before = JSON.stringify({ ...start, members: [...start.members!] });
        applyAll(start, events.slice(2));
        expect(JSON.stringify({ ...start, members: [...start.members!] })).toBe(before);
      }),
    );
  });
});

describe('pages', () => {
  test('joined while events come in, a page older or newer than the stream ends in the same messages', async () => {
    await fc.assert(
      fc.property(choices(), fc.nat(), fc.nat(), fc.nat(), (list, a, b, c) => {
        const events = eventsOf(list);
        const head = events.length;
        const from = 2 + (a % (head - 1));
        // The page is asked for at `asked`, read by the server at `read`, and joined when the stream is at `joined`.
        const asked = from + (b % (head - from + 1));
        const read = asked + (c % (head - asked + 1));
        for (const joined of [asked, Math.min(head, asked + 2), read, head]) {
          if (joined < asked) continue;
          let room = applyAll(at(events, from, 3), events.slice(from, joined));
          room = joinOlder(room, pageAt(events, read, room.from + 1, 50), events.slice(asked, joined));
          const ver = new Map(room.messages.map((message) => [message.seq, message.ver]));
          for (const event of events.slice(joined)) {
            room = applyEvent(room, event, ME);
            // What the page already knew is not gone over once more.
            for (const message of room.messages) expect(message.ver).toBeGreaterThanOrEqual(ver.get(message.seq) ?? 0);
          }
          expect(room.messages).toEqual(at(events, head, 1_000).messages);
          expect(room.notices).toEqual(at(events, head, 1_000).notices);
          expect(room.from).toBe(0);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('a snapshot joined to a followed room passes over no event and ends in the fresh snapshot', async () => {
    await fc.assert(
      fc.property(choices(), fc.nat(), fc.nat(), fc.nat(), (list, a, b, c) => {
        const events = eventsOf(list);
        const head = events.length;
        const asked = 2 + (a % (head - 1));
        const read = asked + (b % (head - asked + 1));
        const joined = asked + (c % (head - asked + 1));
        const summaryOnly = { ...at(events, asked), messages: [], notices: [], members: null, from: asked, more: true };
        const room = joinSnapshot(applyAll(summaryOnly, events.slice(asked, joined)), snapshotAt(events, read, ME, 1_000), events.slice(asked, joined));
        expect(room?.seq).toBe(joined);
        expect(shown(applyAll(room!, events.slice(joined)), LIMIT)).toEqual(shown(at(events, head, 1_000), LIMIT));
      }),
      { numRuns: 200 },
    );
  });

  test('a snapshot that has no common edge with the room is not joined', () => {
    const events = eventsOf(Array.from({ length: 20 }, () => [15, 0, 1] as [number, number, number]));
    expect(joinSnapshot(at(events, 4), snapshotAt(events, 22, ME, 3), [])).toBeNull();
    expect(joinSnapshot(at(events, 10), snapshotAt(events, 4, ME, 3), [])).toBeNull();
  });
});

describe('read marks', () => {
  test('unread after a move of the mark is what a recount says', async () => {
    await fc.assert(
      fc.property(choices(), fc.nat(), fc.nat(), (list, a, b) => {
        const events = eventsOf(list);
        const from = 2 + (a % (events.length - 1));
        const mark = b % (from + 1);
        const moved = applyAll(withOwnMark(at(events, from, 1_000), mark, ME), events.slice(from));
        const own = events.findLast((event) => event.seq > from && event.type === 'message.posted' && event.author === ME)?.seq ?? 0;
        const seq = Math.max(mark, own);
        const unread = moved.messages.filter((message) => message.seq > seq && message.author !== ME && !message.deleted).length;
        expect(moved.read).toMatchObject({ seq, n: 1, unread });
      }),
    );
  });

  test('what the server says of an earlier event is brought to the place, whichever way is open', async () => {
    await fc.assert(
      fc.property(choices(), fc.nat(), fc.nat(), fc.boolean(), (list, a, b, byRun) => {
        const events = eventsOf(list);
        const told = 2 + (a % (events.length - 1));
        const mark = { seq: b % (told + 1), n: 4 };
        const read = snapshotAt(events, told, ME, 1, mark).room.read;
        const room = at(events, events.length, 1_000);
        const next = withServerRead(room, read, byRun ? [] : events.slice(told), ME);
        expect(next?.read).toEqual(snapshotAt(events, events.length, ME, 1, mark).room.read);
        const older = withServerRead({ ...room, read: { ...room.read, n: 9 } }, read, [], ME);
        expect(older?.read.n).toBe(9);
      }),
    );
  });

  test('with neither the events nor the run it says that it cannot know', () => {
    const events = eventsOf(Array.from({ length: 20 }, () => [15, 0, 1] as [number, number, number]));
    expect(withServerRead(at(events, 22, 2), { seq: 3, n: 1, unread: 1, at: 5 }, [], ME)).toBeNull();
  });
});
