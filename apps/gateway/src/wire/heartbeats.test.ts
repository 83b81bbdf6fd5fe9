// One timer asks every socket once per interval, looks at it a timeout later, and keeps none that left.
import { createManualClock } from '@parley/ports';
import { expect, test } from 'vitest';
import { type Beating, Heartbeats } from './heartbeats.ts';

const [INTERVAL, TIMEOUT] = [8_000, 6_000];
const STEP = INTERVAL / 64;

function wheel() {
  const clock = createManualClock();
  const heartbeats = new Heartbeats<Beating>({ clock, intervalMs: INTERVAL, timeoutMs: TIMEOUT });
  const add = (): Beating & { asked: number[]; looked: number[] } => {
    const one = {
      place: 0,
      asked: [] as number[],
      looked: [] as number[],
      ask: () => one.asked.push(clock.monotonic()),
      look: () => one.looked.push(clock.monotonic()),
    };
    heartbeats.add(one as Beating);
    return one as unknown as Beating & { asked: number[]; looked: number[] };
  };
  return { clock, heartbeats, add };
}

test('each is asked first within half an interval to a whole one, then once per interval, and looked at a timeout after each', async () => {
  const { clock, add } = wheel();
  await clock.advance(1_234);
  const began = clock.monotonic();
  const all = Array.from({ length: 200 }, add);
  await clock.advance(3 * INTERVAL + TIMEOUT + STEP);
  for (const { asked, looked } of all) {
    expect(asked[0]).toBeGreaterThan(began + INTERVAL / 2 - STEP);
    expect(asked[0]).toBeLessThanOrEqual(began + INTERVAL + STEP);
    expect(asked.slice(1).map((at, i) => at - (asked[i] as number))).toEqual(asked.slice(1).map(() => INTERVAL));
    for (const at of asked.slice(0, 3)) expect(looked).toContain(at + TIMEOUT);
  }
  const perStep = new Map<number, number>();
  for (const { asked } of all) perStep.set(asked[0] as number, (perStep.get(asked[0] as number) ?? 0) + 1);
  expect(Math.max(...perStep.values())).toBeLessThanOrEqual(7);
});

test('who left is not asked any more, and the last to leave is told of', async () => {
  const { clock, heartbeats, add } = wheel();
  const [one, two] = [add(), add()];
  const empty = heartbeats.empty();
  heartbeats.remove(one);
  heartbeats.remove(one);
  expect(heartbeats.size).toBe(1);
  heartbeats.remove(two);
  await empty;
  await clock.advance(3 * INTERVAL);
  expect([one, two].flatMap(({ asked, looked }) => [asked, looked]).flat()).toEqual([]);
});

test('who is closing is looked at when told to', async () => {
  const { clock, heartbeats, add } = wheel();
  const all = Array.from({ length: 70 }, add);
  await clock.advance(11_000);
  const from = clock.monotonic();
  for (const one of all) {
    one.looked.length = 0;
    heartbeats.lookIn(one, 5_000);
  }
  await clock.advance(INTERVAL - STEP);
  for (const { looked } of all) expect(looked).toEqual([from + 5_000]);
});

test('stopped, it does nothing any more', async () => {
  const { clock, heartbeats, add } = wheel();
  const one = add();
  heartbeats.stop();
  await clock.advance(3 * INTERVAL);
  expect(one.asked).toEqual([]);
});
