// Bugs planted into clean histories: each takes what a broken server or client would have left behind. A checker that misses one of them
// proves nothing about the others' absence.
import type { AnyRoomEvent, Message } from '@parley/protocol';
import type { Observation } from '@parley/sdk';
import { foldFinalRoom, presentView } from '../final-rooms.ts';
import type { FinalRoomRecord, FinalViewRecord, HistoryRecord, ObservationRecord } from '../history.ts';
import type { Invariant } from '../report.ts';
import type { seeded } from './generate-history.ts';

type Rng = ReturnType<typeof seeded>;

export interface Mutant {
  readonly name: string;
  readonly caughtAs: Invariant;
  /** The history with the bug, or null where this history offers no place for it. */
  plant(history: readonly HistoryRecord[], rng: Rng): HistoryRecord[] | null;
}

type Saw<K extends Observation['kind']> = { readonly i: number; readonly record: ObservationRecord; readonly saw: Extract<Observation, { kind: K }> };

function all<K extends Observation['kind']>(history: readonly HistoryRecord[], kind: K): Saw<K>[] {
  return history.flatMap((record, i) => ('saw' in record && record.saw.kind === kind ? [{ i, record, saw: record.saw as Saw<K>['saw'] }] : []));
}
const rooms = (history: readonly HistoryRecord[]): FinalRoomRecord[] => history.filter((r): r is FinalRoomRecord => 'final' in r && r.final === 'room');
const views = (history: readonly HistoryRecord[]): FinalViewRecord[] => history.filter((r): r is FinalViewRecord => 'final' in r && r.final === 'view');
const one = <T>(from: readonly T[], rng: Rng): T | null => (from.length === 0 ? null : rng.pick(from));
const swapIn = (history: readonly HistoryRecord[], was: HistoryRecord, now: HistoryRecord): HistoryRecord[] =>
  history.map((record) => (record === was ? now : record));

/** The last applied posts of each client and room that nothing but events follows: no snapshot can cover what is changed there. */
function lateApplied(history: readonly HistoryRecord[]): Saw<'applied'>[] {
  const snapshots = all(history, 'snapshot');
  return all(history, 'applied').filter(
    ({ i, record, saw }) =>
      saw.event.type === 'message.posted' &&
      !snapshots.some((later) => later.i > i && later.record.client === record.client && later.saw.room === saw.event.room) &&
      rooms(history).some((room) => room.room === saw.event.room && presentView(foldFinalRoom(room), record.user) !== undefined),
  );
}

/** Every copy of an event, in the log and on every screen, changed at once. */
function everywhere(history: readonly HistoryRecord[], room: string, change: (event: AnyRoomEvent) => AnyRoomEvent): HistoryRecord[] {
  return history.map((record) => {
    if ('final' in record && record.final === 'room' && record.room === room) return { ...record, events: record.events.map(change) };
    if (!('saw' in record)) return record;
    const { saw } = record;
    if (saw.kind === 'applied' && saw.event.room === room) return { ...record, saw: { ...saw, event: change(saw.event) } };
    return record;
  });
}

const body = (event: AnyRoomEvent, fields: object): AnyRoomEvent => ({ ...event, body: { ...event.body, ...fields } }) as AnyRoomEvent;
const seqOf = (history: readonly HistoryRecord[], clientId: string): number | undefined =>
  rooms(history)
    .flatMap((room) => room.events)
    .find((event) => event.clientId === clientId)?.seq;

/** Two commands of this order in one room that both were committed, and what makes them wrong: their invokes (and acks) change places. */
function outOfOrder(history: readonly HistoryRecord[], rng: Rng, sameClient: boolean): HistoryRecord[] | null {
  const invokes = all(history, 'invoke').filter(({ saw }) => saw.attempt === 1 && seqOf(history, saw.command.clientId) !== undefined);
  const pairs = invokes.flatMap((a) =>
    invokes
      .filter(
        (b) =>
          b.i > a.i &&
          b.saw.command.room === a.saw.command.room &&
          sameClient === (a.record.client === b.record.client) &&
          a.record.user !== (sameClient ? '' : b.record.user),
      )
      .map((b) => [a, b] as const),
  );
  const pair = one(pairs, rng);
  if (pair === null) return null;
  const [a, b] = pair;
  const about = (record: HistoryRecord, id: string): record is ObservationRecord =>
    'saw' in record && ((record.saw.kind === 'invoke' && record.saw.command.clientId === id) || ('clientId' in record.saw && record.saw.clientId === id));
  const late = history.filter((record) => about(record, a.saw.command.clientId));
  const rest = history.filter((record) => !about(record, a.saw.command.clientId));
  // The earlier seq's command is asked only after the later seq's was accepted.
  const acks = rest.flatMap((record, i) => (about(record, b.saw.command.clientId) ? [i] : []));
  const after = acks.at(-1) ?? 0;
  const moved = [...rest.slice(0, after + 1), ...late, ...rest.slice(after + 1)];
  return moved.map((record, i) => ('t' in record ? { ...record, t: i } : record));
}

export const MUTANTS: readonly Mutant[] = [
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
    name: 'accepted and never committed',
    caughtAs: 'I1',
    plant(history, rng) {
      const hit = one(all(history, 'accepted'), rng);
      if (hit === null) return null;
      const clientId = `${hit.saw.clientId.slice(0, -4)}dead`;
      const command = { type: 'message.post', room: hit.saw.room, clientId, body: { text: 'lost', replyTo: null } } as const;
      return history.toSpliced(hit.i, 0, { ...hit.record, saw: { kind: 'invoke', command, attempt: 1 } }, { ...hit.record, saw: { ...hit.saw, clientId } });
    },
  },
  {
    name: 'one command with two results',
    caughtAs: 'I1',
    plant(history, rng) {
      const results = all(history, 'frame').filter(({ saw }) => saw.name === 'result');
      const hit = one(results, rng);
      return (
        hit && history.toSpliced(hit.i + 1, 0, { ...hit.record, saw: { ...hit.saw, payload: { ...(hit.saw.payload as object), status: 'committed', seq: 1 } } })
      );
    },
  },
  {
    name: 'a phantom on one screen',
    caughtAs: 'I2',
    plant(history, rng) {
      const hit = one(
        all(history, 'applied').filter(({ saw }) => saw.event.type === 'message.posted'),
        rng,
      );
      const room = rooms(history).find((final) => final.room === hit?.saw.event.room);
      if (hit === null || room === undefined) return null;
      const event = { ...hit.saw.event, seq: room.events.length + 1, clientId: null } as AnyRoomEvent;
      return [...history, { ...hit.record, saw: { kind: 'applied', event } }];
    },
  },
  {
    name: 'an event that nobody asked for',
    caughtAs: 'I2',
    plant(history, rng) {
      const hit = one(
        all(history, 'invoke').filter(({ saw }) => seqOf(history, saw.command.clientId) !== undefined),
        rng,
      );
      return hit && history.filter((record) => !('saw' in record && record.saw.kind === 'invoke' && record.saw.command.clientId === hit.saw.command.clientId));
    },
  },
  {
    name: 'a refused command done all the same',
    caughtAs: 'I2',
    plant(history, rng) {
      const hit = one(
        all(history, 'accepted').filter(({ saw }) => seqOf(history, saw.clientId) !== undefined),
        rng,
      );
      if (hit === null) return null;
      const refused = { kind: 'refused', room: hit.saw.room, clientId: hit.saw.clientId, error: { code: 'forbidden', message: '' } } as const;
      const again = (record: HistoryRecord): boolean =>
        'saw' in record && record.saw.kind === 'invoke' && record.saw.attempt > 1 && record.saw.command.clientId === hit.saw.clientId;
      return history.with(hit.i, { ...hit.record, saw: refused }).filter((record) => !again(record));
    },
  },
  {
    name: 'a forged author',
    caughtAs: 'I2',
    plant(history, rng) {
      const room = one(rooms(history), rng);
      const event =
        room &&
        one(
          room.events.filter((e) => e.type === 'message.posted'),
          rng,
        );
      if (!room || !event) return null;
      const other = room.members.find((member) => member.user !== event.author)?.user;
      return other === undefined ? null : everywhere(history, room.room, (e) => (e.seq === event.seq ? { ...e, author: other } : e));
    },
  },
  {
    name: 'another text than was asked for, for everybody',
    caughtAs: 'I2',
    plant(history, rng) {
      const room = one(rooms(history), rng);
      const event =
        room &&
        one(
          room.events.filter((e) => e.type === 'message.posted' && (e.body as { text: string | null }).text !== null),
          rng,
        );
      return room && event && everywhere(history, room.room, (e) => (e.seq === event.seq ? body(e, { text: 'changed' }) : e));
    },
  },
  {
    name: 'wrong bytes on one screen',
    caughtAs: 'I4',
    plant(history, rng) {
      const applied = all(history, 'applied').filter(({ saw }) => saw.event.type === 'message.posted');
      const twice = applied.filter((a) => applied.some((b) => b.i !== a.i && b.saw.event.room === a.saw.event.room && b.saw.event.seq === a.saw.event.seq));
      const hit = one(twice, rng);
      return hit && history.with(hit.i, { ...hit.record, saw: { kind: 'applied', event: body(hit.saw.event, { text: 'garbled' }) } });
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
    name: 'a log with a hole in its seqs',
    caughtAs: 'I4',
    plant(history, rng) {
      const room = one(rooms(history), rng);
      return room && swapIn(history, room, { ...room, events: room.events.toSpliced(rng.int(room.events.length - 1), 1) });
    },
  },
  {
    name: 'a message number used twice',
    caughtAs: 'I4',
    plant(history, rng) {
      const room = one(rooms(history), rng);
      const event =
        room &&
        one(
          room.events.filter((e) => e.type === 'message.posted' && e.msgNo > 1),
          rng,
        );
      return room && event && everywhere(history, room.room, (e) => (e.seq === event.seq ? { ...e, msgNo: e.msgNo - 1 } : e));
    },
  },
  {
    name: 'a member that the log does not make one',
    caughtAs: 'I4',
    plant(history, rng) {
      const room = one(rooms(history), rng);
      return room && swapIn(history, room, { ...room, members: room.members.slice(1) });
    },
  },
  {
    name: 'one client’s commands overtaking each other',
    caughtAs: 'I6',
    plant: (history, rng) => outOfOrder(history, rng, true),
  },
  {
    name: 'a command before one that was accepted before it was asked',
    caughtAs: 'I7',
    plant: (history, rng) => outOfOrder(history, rng, false),
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
