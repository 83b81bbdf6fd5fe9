// Bugs of a server in what it does with commands: results, phantoms, order, and the log itself.
import type { AnyRoomEvent } from '@parley/protocol';
import type { HistoryRecord, ObservationRecord } from '../history.ts';
import { all, body, everywhere, type Mutant, one, type Rng, rooms, seqOf, swapIn } from './pick-records.ts';

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

export const COMMAND_MUTANTS: readonly Mutant[] = [
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
];
