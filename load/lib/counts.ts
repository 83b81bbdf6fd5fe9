// What a run counts and measures, under one name each, and what must be zero. Counts are added up in the VU and handed to k6 once a second: a
// sample for each delivery would make the generator the bottleneck.
import { Counter, Trend } from 'k6/metrics';

const COUNTS = [
  // Must be 0 in every run.
  'lost',
  'doubled',
  'reordered',
  'gaps',
  'unanswered',
  'rejected',
  'gone',
  'away',
  // The generator was the bottleneck in this many VUs.
  'overloaded',
  // VUs that came to the end: of one that did not, nobody knows what was lost.
  'finished',
  // What happened.
  'sent',
  'accepted',
  'delivered',
  'caught_up',
  'connected',
  'connect_failed',
  'reconnected',
  'cut',
  'bye',
  'behind',
  'reset',
  'failed_sends',
  'resent',
  'presence_wrong',
  'presence_seen',
] as const;
export type CountName = (typeof COUNTS)[number];

const TRENDS = [
  'connect_ms',
  'resume_ms',
  'ack_ms',
  'deliver_ms',
  'back_ms',
  'complete_ms',
  'others_deliver_ms',
  'first_deliver_ms',
  'last_deliver_ms',
  'presence_on_ms',
  'presence_off_ms',
  'generator_late_ms',
] as const;
export type TrendName = (typeof TRENDS)[number];

const counters = new Map(COUNTS.map((name) => [name, new Counter(`parley_${name}`)]));
const trends = new Map(TRENDS.map((name) => [name, new Trend(`parley_${name}`)]));
const pending = new Map<CountName, number>();

/** A VU's samples of one trend in one second; what is more is left out. */
const SAMPLES_A_SECOND = 500;
const SLICE_MS = 50;
const taken = new Map<TrendName, { slice: number; left: number }>();

export function count(name: CountName, by = 1): void {
  pending.set(name, (pending.get(name) ?? 0) + by);
}

export function measure(name: TrendName, ms: number, now = Date.now()): void {
  const slice = Math.floor(now / SLICE_MS);
  let budget = taken.get(name);
  if (budget === undefined || budget.slice !== slice) {
    budget = { slice, left: (SAMPLES_A_SECOND * SLICE_MS) / 1_000 };
    taken.set(name, budget);
  }
  if (budget.left-- > 0) trends.get(name)?.add(ms);
}

/** `names`: counts that must be in the report though they are 0: k6 leaves out, and does not judge, what was never added to. */
export function flushCounts(names: readonly CountName[] = []): void {
  for (const name of names) counters.get(name)?.add(0);
  for (const [name, by] of pending) counters.get(name)?.add(by);
  pending.clear();
}

export const MUST_BE_ZERO: readonly CountName[] = ['lost', 'doubled', 'reordered', 'gaps', 'unanswered', 'rejected', 'gone', 'away'];
export const ALWAYS_SHOWN: readonly CountName[] = [...MUST_BE_ZERO, 'sent', 'accepted', 'delivered', 'reconnected', 'bye', 'failed_sends'];

/** The thresholds of every scenario, with those of one. */
export const thresholds = (own: Readonly<Record<string, string[]>> = {}): Record<string, string[]> => ({
  ...Object.fromEntries(MUST_BE_ZERO.map((name) => [`parley_${name}`, ['count==0']])),
  ...own,
});
