// Bugs of a server or a client in what people get to see: lost, twice, out of order, too late cut off, wrongly counted.
import type { Message } from '@parley/protocol';
import { foldFinalRoom } from '../final-rooms.ts';
import type { ObservationRecord } from '../history.ts';
import { all, body, everywhere, lateApplied, type Mutant, one, rooms, swapIn, views } from './pick-records.ts';

export const VIEW_MUTANTS: readonly Mutant[] = [
  {
    name: 'an event applied twice',
    caughtAs: 'I3',
    plant(history, rng) {
      const hit = one(all(history, 'applied'), rng);
      return hit && history.toSpliced(hit.i, 0, hit.record);
    },
  },
  {
    name: 'the last event of a client lost',
    caughtAs: 'I3',
    plant(history, rng) {
      const late = lateApplied(history);
      const last = late.filter(
        (a) => !all(history, 'applied').some((b) => b.i > a.i && b.record.client === a.record.client && b.saw.event.room === a.saw.event.room),
      );
      const hit = one(last, rng);
      return hit && history.toSpliced(hit.i, 1);
    },
  },
  {
    name: 'a hole shown as if nothing was missing',
    caughtAs: 'I5',
    plant(history, rng) {
      const applied = all(history, 'applied');
      const inner = lateApplied(history).filter((a) =>
        applied.some((b) => b.record.client === a.record.client && b.saw.event.room === a.saw.event.room && b.saw.event.seq === a.saw.event.seq + 1),
      );
      const hit = one(inner, rng);
      return hit && history.toSpliced(hit.i, 1);
    },
  },
  {
    name: 'two events swapped',
    caughtAs: 'I5',
    plant(history, rng) {
      const applied = all(history, 'applied');
      const pairs = lateApplied(history).flatMap((a) =>
        applied
          .filter((b) => b.i > a.i && b.record.client === a.record.client && b.saw.event.room === a.saw.event.room && b.saw.event.seq === a.saw.event.seq + 1)
          .map((b) => [a, b] as const),
      );
      const pair = one(pairs, rng);
      return pair && history.with(pair[0].i, { ...pair[0].record, saw: pair[1].saw }).with(pair[1].i, { ...pair[1].record, saw: pair[0].saw });
    },
  },
  {
    name: 'wrong bytes on every screen',
    caughtAs: 'I3',
    plant(history, rng) {
      const room = one(rooms(history), rng);
      const shown = room && all(history, 'applied').filter(({ saw }) => saw.event.room === room.room && saw.event.type === 'message.posted');
      const kept = shown?.filter(({ saw }) => room?.events.some((e) => e.seq === saw.event.seq && (e.body as { text?: unknown }).text !== null));
      const hit = kept && one(kept, rng);
      if (!room || !hit) return null;
      return everywhere(history, room.room, (e) => (e.seq === hit.saw.event.seq ? body(e, { text: 'garbled' }) : e)).map((record) =>
        'final' in record && record.final === 'room' && record.room === room.room ? room : record,
      );
    },
  },
  {
    name: 'a place that goes back after a reconnect',
    caughtAs: 'I8',
    plant(history, rng) {
      const hit = one(lateApplied(history), rng);
      const connected: ObservationRecord | null = hit && { ...hit.record, saw: { kind: 'connected', gateway: 'g' } };
      return hit && connected && history.toSpliced(hit.i + 1, 0, connected, hit.record);
    },
  },
  {
    name: 'a snapshot older than the place',
    caughtAs: 'I8',
    plant(history, rng) {
      const hit = one(lateApplied(history), rng);
      return (
        hit && history.toSpliced(hit.i + 1, 0, { ...hit.record, saw: { kind: 'snapshot', room: hit.saw.event.room, seq: hit.saw.event.seq - 1, epoch: 'e' } })
      );
    },
  },
  {
    name: 'devices of one user at different read marks',
    caughtAs: 'I9',
    plant(history, rng) {
      const shown = views(history);
      const hit = one(
        shown.filter((a) => shown.some((b) => a !== b && a.user === b.user && a.room === b.room)),
        rng,
      );
      return hit && swapIn(history, hit, { ...hit, read: { ...hit.read, n: hit.read.n + 1 } });
    },
  },
  {
    name: 'unread off by one',
    caughtAs: 'I10',
    plant(history, rng) {
      const hit = one(views(history), rng);
      return hit && swapIn(history, hit, { ...hit, read: { ...hit.read, unread: hit.read.unread + 1 } });
    },
  },
  {
    name: 'an event sent after the removal',
    caughtAs: 'I11',
    plant(history, rng) {
      const hit = one(
        rooms(history).flatMap((room) =>
          [...foldFinalRoom(room).views].flatMap(([user, stays]) => {
            const end = stays.at(-1)?.end ?? 0;
            const event = room.events[end + 1] ?? room.events[end];
            const client = all(history, 'connected').find(({ record }) => record.user === user);
            return end === Number.POSITIVE_INFINITY || event === undefined || client === undefined ? [] : [{ event, client: client.record }];
          }),
        ),
        rng,
      );
      return hit && [...history, { ...hit.client, t: history.length, saw: { kind: 'frame', name: 'event', payload: hit.event } }];
    },
  },
  {
    name: 'an event of the time between two stays, before the second was asked for',
    caughtAs: 'I11',
    plant(history, rng) {
      const places = rooms(history).flatMap((room) =>
        [...foldFinalRoom(room).views].flatMap(([user, stays]) =>
          stays.slice(1).flatMap((_, i) => {
            const end = stays[i]?.end ?? 0;
            const event = room.events[end];
            return event === undefined ? [] : [{ event, user }];
          }),
        ),
      );
      const hit = one(places, rng);
      const client = hit && all(history, 'connected').find(({ record }) => record.user === hit.user);
      return hit && client ? history.toSpliced(client.i + 1, 0, { ...client.record, saw: { kind: 'frame', name: 'event', payload: hit.event } }) : null;
    },
  },
  {
    name: 'text of a room in a frame of somebody who was never in it',
    caughtAs: 'I11',
    plant(history, rng) {
      const room = one(rooms(history), rng);
      const client = room && all(history, 'connected').find(({ record }) => !foldFinalRoom(room).views.has(record.user));
      return room && client ? [...history, { ...client.record, saw: { kind: 'frame', name: 'state', payload: { text: `canary-${room.room}` } } }] : null;
    },
  },
  {
    name: 'a message missing on a screen at rest',
    caughtAs: 'I3',
    plant(history, rng) {
      const hit = one(
        views(history).filter((view) => view.messages.length > 0),
        rng,
      );
      return hit && swapIn(history, hit, { ...hit, messages: hit.messages.toSpliced(rng.int(hit.messages.length), 1) });
    },
  },
  {
    name: 'an edit that a screen did not take',
    caughtAs: 'I3',
    plant(history, rng) {
      const hit = one(
        views(history).filter((view) => view.messages.some((message) => message.text !== null)),
        rng,
      );
      const stale = (message: Message): Message => ({ ...message, text: message.text === null ? null : 'stale' });
      return hit && swapIn(history, hit, { ...hit, messages: hit.messages.map(stale) });
    },
  },
];
