// Times out of what people went through: how long away, how soon answered, how late seen. Pure.
import type { Person } from '../world/person.ts';

/** 0 of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

const whole = (ms: number): number => Math.round(ms * 10) / 10;

/** Ms that each absence which began since `since` lasted; one that goes on lasts until now. */
export const absences = (people: readonly Person[], since: number, now = performance.now()): number[] =>
  people.flatMap(({ away }) => away.filter(({ from }) => from >= since).map(({ from, to }) => whole((to ?? now) - from)));

/**
 * Of each person the first absence ever only. A client that is cut off again before it was connected for 30 s waits longer from try to try,
 * on purpose: its later absences say nothing about the server.
 */
export const firstAbsences = (people: readonly Person[], since: number): number[] =>
  people.flatMap((person) => (person.away[0] !== undefined && person.away[0].from >= since ? absences([person], since).slice(0, 1) : []));

/** When the connections ended that ended since `since`. */
export const departures = (people: readonly Person[], since: number): number[] =>
  people.flatMap(({ away }) => away.filter(({ from }) => from >= since).map(({ from }) => from)).sort((a, b) => a - b);

/** Tries to send that began in the time, with how long until they were answered. */
export const triesIn = (people: readonly Person[], from: number, to: number) =>
  people.flatMap(({ tries }) =>
    tries
      .filter((one) => one.from >= from && one.from < to)
      .map((one) => ({ ms: whole((one.to ?? performance.now()) - one.from), answer: one.answer, retryAfterMs: one.retryAfterMs })),
  );

/** Ms from sending to seeing, of what was seen in the time. */
export const delaysIn = (people: readonly Person[], from: number, to: number): number[] =>
  people.flatMap(({ seen }) => seen.filter(({ at }) => at >= from && at < to).map(({ ms }) => whole(ms)));
