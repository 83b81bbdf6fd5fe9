// One page out of those of several workers: what is counted is summed, what is a level is the highest, and rooms are one line each.
import { expect, test } from 'vitest';
import { createMetrics, joinMetrics } from '../src/index.ts';

function worker(sockets: number, step: number, rooms: Readonly<Record<string, number>>) {
  const metrics = createMetrics({ defaults: false });
  metrics.gauge('parley_sockets', 'Sockets.', [], () => sockets);
  metrics.gauge('parley_step', 'A step.', [], () => step, 'max');
  metrics.watch('parley_room_share', 'Shares.', ['room'], () => Object.entries(rooms).map(([room, value]) => ({ value, labels: { room } })));
  return metrics;
}

test('sockets are summed, of steps the highest is told, and a room on both has both its shares', async () => {
  const pages = await Promise.all([worker(3, 4, { a: 0.25, b: 0.5 }), worker(4, 1, { a: 0.25 })].map((one) => one.values()));
  const page = await joinMetrics(pages);
  expect(page.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
    'parley_sockets 7',
    'parley_step 4',
    'parley_room_share{room="a"} 0.5',
    'parley_room_share{room="b"} 0.5',
  ]);
});

test('what has no value yet is on the page with its kind', async () => {
  const page = await joinMetrics([await worker(1, 0, {}).values(), await worker(1, 0, {}).values()]);
  expect(page).toContain('# TYPE parley_room_share gauge');
});
