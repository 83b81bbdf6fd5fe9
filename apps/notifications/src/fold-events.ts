// From events to what is written: the rooms after them, members that came and went, posts that somebody may be told of, webhook jobs. Pure.
import { type AnyRoomEvent, mentionsOf, QUEUES, type RoomEvent } from '@parley/protocol';
import type { Span } from '@parley/runtime';
import type { Batch, Job, KnownRoom, Post, Step } from './store/store-events.ts';

export interface FoldInput {
  /** In log order; those of one room in seq order. */
  readonly events: readonly RoomEvent[];
  /** Events before the one that is the key, which the log did not hold: their changes count, nobody is told of them. */
  readonly missed: ReadonlyMap<RoomEvent, readonly AnyRoomEvent[]>;
  readonly rooms: ReadonlyMap<string, KnownRoom>;
  /** Handle -> id. */
  readonly people: ReadonlyMap<string, string>;
  readonly nowMs: number;
  /** Of events that somebody follows. */
  readonly spans?: ReadonlyMap<RoomEvent, Span>;
}

/** Older than this is no news: an import, or a service that was away for long. */
const NEWS_MS = 24 * 3_600_000;
export const WEBHOOK = QUEUES.webhook;

const isNews = (event: AnyRoomEvent, nowMs: number): boolean => event.type === 'message.posted' && nowMs - event.time <= NEWS_MS;
const textOf = (event: RoomEvent): string => (event.type === 'message.posted' ? (event.body.text ?? '') : '');

/** Every handle that a message of these names. */
export function handlesOf(events: readonly RoomEvent[], nowMs: number): readonly string[] {
  const handles = new Set<string>();
  for (const event of events) {
    const text = isNews(event, nowMs) ? textOf(event) : '';
    if (text.includes('@')) for (const handle of mentionsOf(text).handles) handles.add(handle);
  }
  return [...handles];
}

export function foldEvents({ events, missed, rooms, people, nowMs, spans }: FoldInput): Pick<Batch, 'rooms' | 'steps' | 'jobs'> {
  const now = new Map(rooms);
  const steps: Step[] = [];
  const jobs: Job[] = [];
  let posts: Post[] = [];
  const flush = (): void => {
    if (posts.length > 0) steps.push({ type: 'posts', posts });
    posts = [];
  };
  const change = (event: AnyRoomEvent): KnownRoom | null => {
    const before = now.get(event.room);
    const room = after(before, event);
    if (room === null) return null;
    now.set(event.room, room);
    const step = memberStep(event);
    if (step !== null) {
      // Who was there when a message was said is told of it: what came before this is written before it.
      flush();
      steps.push(step);
      if (step.role === null || step.role === 'member') now.set(event.room, { ...room, webhooks: room.webhooks.filter((one) => one.createdBy !== step.user) });
    }
    return now.get(event.room) ?? null;
  };

  for (const event of events) {
    if (event.seq <= (now.get(event.room)?.seq ?? 0)) continue;
    for (const before of missed.get(event) ?? []) change(before);
    const room = change(event);
    if (room === null) continue;
    const span = spans?.get(event);
    const followed = span?.traceparent === undefined ? {} : { trace: span.traceparent };
    const webhooks = room.webhooks.filter((webhook) => webhook.events.includes(event.type));
    for (const { id } of webhooks)
      jobs.push({ queue: WEBHOOK, id: `w${id}.${event.seq}`, payload: { webhook: id, seq: event.seq, ...followed }, dueMs: nowMs });
    const post = isNews(event, nowMs) ? postOf(event, room, people) : null;
    if (post !== null) posts.push({ ...post, ...followed });
    span?.set({ jobs: webhooks.length, outcome: post === null ? 'concerns nobody' : 'may concern somebody' });
  }
  flush();
  const touched = new Set(events.map((event) => event.room));
  return {
    rooms: [...now.values()].filter((room) => touched.has(room.id) && room.seq > 0).map(({ id, seq, kind, name }) => ({ id, seq, kind, name })),
    steps,
    jobs,
  };
}

/** The room after one more event; null: a room whose beginning nobody knows. */
function after(before: KnownRoom | undefined, event: AnyRoomEvent): KnownRoom | null {
  const known = event as RoomEvent;
  if (known.type === 'room.created')
    return { id: event.room, seq: event.seq, kind: known.body.kind, name: known.body.name, wanted: before?.wanted ?? false, webhooks: before?.webhooks ?? [] };
  if (before === undefined || before.seq === 0) return null;
  return { ...before, seq: event.seq, ...(known.type === 'room.renamed' ? { name: known.body.name } : {}) };
}

function memberStep(event: AnyRoomEvent): Extract<Step, { type: 'member' }> | null {
  const known = event as RoomEvent;
  if (known.type === 'member.joined' || known.type === 'member.role_changed') return { type: 'member', room: event.room, ...known.body };
  if (known.type === 'member.left' || known.type === 'member.removed') return { type: 'member', room: event.room, user: known.body.user, role: null };
  return null;
}

/** null: it can concern nobody, so the database need not be asked. */
function postOf(event: RoomEvent, room: KnownRoom, people: ReadonlyMap<string, string>): Post | null {
  const text = textOf(event);
  const named = text.includes('@') ? mentionsOf(text) : { handles: [], everybody: false };
  const mentioned = named.handles.flatMap((handle) => people.get(handle) ?? []);
  const direct = room.kind === 'direct';
  if (!direct && !room.wanted && !named.everybody && mentioned.length === 0) return null;
  return { room: event.room, seq: event.seq, author: event.author, direct, everybody: named.everybody, mentioned };
}
