// Where bugs can be planted: picks records of a history by what they are, and replaces them.
import type { AnyRoomEvent } from '@parley/protocol';
import type { Observation } from '@parley/sdk';
import { foldFinalRoom, presentView } from '../final-rooms.ts';
import type { FinalRoomRecord, FinalViewRecord, HistoryRecord, ObservationRecord } from '../history.ts';
import type { Invariant } from '../report.ts';
import type { seeded } from './generate-history.ts';

export type Rng = ReturnType<typeof seeded>;

export interface Mutant {
  readonly name: string;
  readonly caughtAs: Invariant;
  /** The history with the bug, or null where this history offers no place for it. */
  plant(history: readonly HistoryRecord[], rng: Rng): HistoryRecord[] | null;
}

export type Saw<K extends Observation['kind']> = { readonly i: number; readonly record: ObservationRecord; readonly saw: Extract<Observation, { kind: K }> };

export function all<K extends Observation['kind']>(history: readonly HistoryRecord[], kind: K): Saw<K>[] {
  return history.flatMap((record, i) => ('saw' in record && record.saw.kind === kind ? [{ i, record, saw: record.saw as Saw<K>['saw'] }] : []));
}
export const rooms = (history: readonly HistoryRecord[]): FinalRoomRecord[] => history.filter((r): r is FinalRoomRecord => 'final' in r && r.final === 'room');
export const views = (history: readonly HistoryRecord[]): FinalViewRecord[] => history.filter((r): r is FinalViewRecord => 'final' in r && r.final === 'view');
export const one = <T>(from: readonly T[], rng: Rng): T | null => (from.length === 0 ? null : rng.pick(from));
export const swapIn = (history: readonly HistoryRecord[], was: HistoryRecord, now: HistoryRecord): HistoryRecord[] =>
  history.map((record) => (record === was ? now : record));

/** The last applied posts of each client and room that nothing but events follows: no snapshot can cover what is changed there. */
export function lateApplied(history: readonly HistoryRecord[]): Saw<'applied'>[] {
  const snapshots = all(history, 'snapshot');
  return all(history, 'applied').filter(
    ({ i, record, saw }) =>
      saw.event.type === 'message.posted' &&
      !snapshots.some((later) => later.i > i && later.record.client === record.client && later.saw.room === saw.event.room) &&
      rooms(history).some((room) => room.room === saw.event.room && presentView(foldFinalRoom(room), record.user) !== undefined),
  );
}

/** Every copy of an event, in the log and on every screen, changed at once. */
export function everywhere(history: readonly HistoryRecord[], room: string, change: (event: AnyRoomEvent) => AnyRoomEvent): HistoryRecord[] {
  return history.map((record) => {
    if ('final' in record && record.final === 'room' && record.room === room) return { ...record, events: record.events.map(change) };
    if (!('saw' in record)) return record;
    const { saw } = record;
    if (saw.kind === 'applied' && saw.event.room === room) return { ...record, saw: { ...saw, event: change(saw.event) } };
    return record;
  });
}

export const body = (event: AnyRoomEvent, fields: object): AnyRoomEvent => ({ ...event, body: { ...event.body, ...fields } }) as AnyRoomEvent;
export const seqOf = (history: readonly HistoryRecord[], clientId: string): number | undefined =>
  rooms(history)
    .flatMap((room) => room.events)
    .find((event) => event.clientId === clientId)?.seq;
