// What rooms cost in the last minute: only what was spent in it, whoever opened or closed meanwhile.
import { expect, test } from 'vitest';
import { RoomCosts } from './room-costs.ts';

const room = (name: string) => ({ room: name, cost: { events: 0, bytes: 0, flushUs: 0 } });
const spend = (one: ReturnType<typeof room>, events: number, bytes: number, flushUs: number): void => {
  one.cost.events += events;
  one.cost.bytes += bytes;
  one.cost.flushUs += flushUs;
};

test('the dearest by time come first, with their shares of the time that was looked at', () => {
  const [a, b, c] = [room('a'), room('b'), room('c')];
  const costs = new RoomCosts();
  costs.look([a, b, c], 0);
  spend(a, 10, 1_000, 500_000);
  spend(b, 100, 9_000, 1_000_000);
  costs.look([a, b, c], 5_000);
  expect(costs.dearest(10)).toEqual([
    { room: 'b', cpuShare: 0.2, bytesPerSecond: 1_800, eventsPerSecond: 20 },
    { room: 'a', cpuShare: 0.1, bytesPerSecond: 200, eventsPerSecond: 2 },
  ]);
  expect(costs.dearest(1).map((one) => one.room)).toEqual(['b']);
});

test('what is more than a minute ago is forgotten, and a room that is quiet now is in no list', () => {
  const [a, b] = [room('a'), room('b')];
  const costs = new RoomCosts();
  costs.look([a, b], 0);
  spend(a, 1, 1_000, 1_000);
  for (let at = 5_000; at <= 120_000; at += 1_000) {
    if (at > 60_000) spend(b, 1, 100, 10);
    costs.look([a, b], at);
  }
  expect(costs.dearest(10).map((one) => one.room)).toEqual(['b']);
  expect(costs.dearest(10)[0]?.eventsPerSecond).toBeCloseTo(1, 1);
});

test('a room that was closed and opened again counts from nothing', () => {
  const first = room('a');
  const costs = new RoomCosts();
  costs.look([first], 0);
  spend(first, 100, 100, 100);
  costs.look([first], 5_000);
  const second = room('a');
  spend(second, 5, 5, 5);
  costs.look([second], 10_000);
  expect(costs.dearest(1)[0]?.eventsPerSecond).toBeCloseTo(10.5);
});

test('before there is anything to tell it tells nothing', () => {
  expect(new RoomCosts().dearest(10)).toEqual([]);
});
