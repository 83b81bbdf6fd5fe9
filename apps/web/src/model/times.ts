// Times in words, in the reader's own zone and habit. Pure but for the locale.
import { dayOf } from './timeline-rows.ts';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const withYear = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const DAY_MS = 24 * 3_600_000;

export const clockTime = (time: number): string => clock.format(time);
export const fullTime = (time: number): string => full.format(time);

export function dayLabel(time: number, now: number): string {
  if (dayOf(time) === dayOf(now)) return 'Today';
  if (dayOf(time) === dayOf(now - DAY_MS)) return 'Yesterday';
  return new Date(time).getFullYear() === new Date(now).getFullYear() ? weekday.format(time) : withYear.format(time);
}

/** "just now", "5 minutes ago", "3 days ago": for session lists. */
export function ago(time: number, now: number): string {
  const minutes = Math.round((now - time) / 60_000);
  if (minutes < 1) return 'just now';
  const say = (n: number, unit: string) => `${n} ${unit}${n === 1 ? '' : 's'} ago`;
  if (minutes < 60) return say(minutes, 'minute');
  if (minutes < 24 * 60) return say(Math.round(minutes / 60), 'hour');
  return say(Math.round(minutes / 1440), 'day');
}
