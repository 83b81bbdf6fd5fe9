// Quiet hours over midnight, in zones, and where the clock is changed.
import { describe, expect, it } from 'vitest';
import { quietUntil } from './quiet-hours.ts';

const at = (text: string): number => Date.parse(text);
const night = { from: '22:00', to: '07:30', zone: 'Europe/Berlin' };

describe('quiet hours', () => {
  it.each([
    ['2026-01-10T20:59:59Z', null],
    ['2026-01-10T21:00:00Z', '2026-01-11T06:30:00Z'],
    ['2026-01-11T02:15:42Z', '2026-01-11T06:30:00Z'],
    ['2026-01-11T06:29:59Z', '2026-01-11T06:30:00Z'],
    ['2026-01-11T06:30:00Z', null],
    // In summer the same wall clock is an hour earlier.
    ['2026-07-10T20:00:00Z', '2026-07-11T05:30:00Z'],
  ])('at %s it is quiet until %s', (now, until) => {
    expect(quietUntil(night, at(now))).toBe(until === null ? null : at(until));
  });

  it('in the night of the change, asking again at the end that was said comes to the true end', () => {
    let now = at('2026-03-28T22:00:00Z');
    for (let end = quietUntil(night, now); end !== null; end = quietUntil(night, now)) now = end;
    expect(now).toBeGreaterThanOrEqual(at('2026-03-29T05:30:00Z'));
    expect(now).toBeLessThanOrEqual(at('2026-03-29T06:30:00Z'));
  });

  it('none, and none of no length', () => {
    expect(quietUntil(null, 0)).toBeNull();
    expect(quietUntil({ from: '08:00', to: '08:00', zone: 'UTC' }, at('2026-01-01T08:00:00Z'))).toBeNull();
  });
});
