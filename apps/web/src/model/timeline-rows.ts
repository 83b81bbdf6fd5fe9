// From a room's messages and notices to the rows of the timeline: groups, days, the "new" line, folded system lines. Pure.
import type { MessageView } from './message-view.ts';
import type { RoomEvent } from './shapes.ts';

/** Messages of one author no further apart than this share one name and avatar. */
export const GROUP_MS = 5 * 60_000;
/** More system lines than this in a row become one. */
export const FOLD_FROM = 3;

interface RowHead {
  readonly key: string;
  /** A day separator above this row: the time of that day. */
  readonly day: number | null;
  /** The "new" line is above this row. */
  readonly fresh: boolean;
}
export interface MessageRow extends RowHead {
  readonly kind: 'message';
  readonly view: MessageView;
  /** First of its group: shows name and avatar. */
  readonly head: boolean;
}
export interface SystemRow extends RowHead {
  readonly kind: 'system';
  readonly events: readonly RoomEvent[];
}
export interface StartRow extends RowHead {
  readonly kind: 'start';
}
export type Row = MessageRow | SystemRow | StartRow;

export interface RowsInput {
  readonly views: readonly MessageView[];
  readonly notices: readonly RoomEvent[];
  /** Seq of the last message that was read when the line was drawn; null: no line. */
  readonly readUpTo: number | null;
  readonly me: string;
  /** Nothing is before the run: the room's beginning is shown. */
  readonly beginning: boolean;
}

/** Local calendar day, as a number that differs between days. */
export function dayOf(time: number): number {
  const date = new Date(time);
  return date.getFullYear() * 10_000 + date.getMonth() * 100 + date.getDate();
}

type Item = { readonly view: MessageView } | { readonly events: RoomEvent[] };

/** Messages and notices in one order; deleted messages stay only where an answer hangs on them. */
function merge(views: readonly MessageView[], notices: readonly RoomEvent[]): Item[] {
  const answered = new Set(views.map((view) => view.replyTo));
  const items: Item[] = [];
  let next = 0;
  const takeNotices = (before: number) => {
    for (let notice = notices[next]; notice !== undefined && notice.seq < before; notice = notices[++next]) {
      const last = items.at(-1);
      if (last !== undefined && 'events' in last && dayOf(last.events[0]?.time ?? 0) === dayOf(notice.time)) last.events.push(notice);
      else items.push({ events: [notice] });
    }
  };
  for (const view of views) {
    takeNotices(view.seq ?? Number.POSITIVE_INFINITY);
    if (view.deleted && (view.seq === null || !answered.has(view.seq))) continue;
    items.push({ view });
  }
  takeNotices(Number.POSITIVE_INFINITY);
  return items;
}

const continues = (previous: MessageRow, view: MessageView): boolean =>
  previous.view.author === view.author && view.time - previous.view.time < GROUP_MS && view.replyTo === null && !previous.view.deleted && !view.deleted;

/** Rows from oldest to newest. A row's key never changes: a message's is its client id, a fold's its last event. */
export function timelineRows(input: RowsInput): readonly Row[] {
  const rows: Row[] = input.beginning ? [{ kind: 'start', key: 'start', day: null, fresh: false }] : [];
  let day: number | null = null;
  let drawn = input.readUpTo === null;
  for (const item of merge(input.views, input.notices)) {
    const time = 'view' in item ? item.view.time : (item.events[0]?.time ?? 0);
    const newDay = day === null || (dayOf(time) !== day && time > 0);
    day = dayOf(time);
    const previous = rows.at(-1);
    if ('events' in item) {
      const last = item.events.at(-1);
      rows.push({ kind: 'system', key: `notice-${last?.seq ?? 0}`, day: newDay ? time : null, fresh: false, events: item.events });
      continue;
    }
    const { view } = item;
    const fresh = !drawn && view.seq !== null && view.seq > (input.readUpTo ?? 0) && view.author !== input.me;
    drawn ||= fresh;
    const head = newDay || fresh || previous?.kind !== 'message' || !continues(previous, view);
    rows.push({ kind: 'message', key: view.key, day: newDay ? time : null, fresh, view, head });
  }
  return rows;
}
