// Is it quiet for somebody now, and until when. By the clock on their wall, whatever zone that is in. Pure.
import type { QuietHours } from '@parley/protocol';

const DAY = 1_440;
const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/** Ms since 1970 at which the quiet ends (where a clock is changed meanwhile: ask again then); null: it is not quiet. */
export function quietUntil(quiet: QuietHours | null, nowMs: number): number | null {
  if (quiet === null || quiet.from === quiet.to) return null;
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone: quiet.zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).formatToParts(nowMs);
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value ?? 0);
  const now = part('hour') * 60 + part('minute');
  const from = minutesOf(quiet.from);
  const sinceFrom = (now - from + DAY) % DAY;
  const length = (minutesOf(quiet.to) - from + DAY) % DAY;
  if (sinceFrom >= length) return null;
  return Math.floor(nowMs / 60_000) * 60_000 + (length - sinceFrom) * 60_000;
}
