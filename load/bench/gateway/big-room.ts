// Row 4: one room of 5,000 at 2 messages/s: how long until the last of them has it.
import type { Row } from '../row.ts';
import { type Bench, interleave, linesOf, only, pairedRow, plainRow, serverUs, wrong } from './run/measure.ts';

const NAMES = ['parley-redis', 'socket-io', 'centrifugo-redis'] as const;
const WORK = { conns: 5_000, rooms: 1, rates: 2, dur: '5s', warm: '1s', settle: '300ms' };

export async function measureBigRoom(bench: Bench, repeats: number): Promise<readonly Row[]> {
  const runs = await interleave(bench, NAMES, repeats, (name) => bench.run(name, { rooms: 1 }, WORK));
  const lines = linesOf(runs, only);
  const name = 'gateway x2 over Redis, room of 5,000, 2 msg/s';
  const p99 = { name: `${name}: p99`, unit: 'ms', value: (line: { readonly p99_ms: number }) => line.p99_ms };
  return [
    pairedRow(bench, lines, ['parley-redis', 'centrifugo-redis'], {
      ...p99,
      name: `${p99.name}, to Centrifugo x2`,
      goal: { op: '<=', value: 1, ofRatio: true },
    }),
    pairedRow(bench, lines, ['parley-redis', 'socket-io'], { ...p99, goal: { op: '<=', value: 0.6, ofRatio: true } }),
    pairedRow(bench, lines, ['parley-redis', 'socket-io'], { name: `${name}: CPU of the workers for a delivery`, unit: 'us', value: serverUs }),
    plainRow(bench, lines, 'parley-redis', { name: `${name}: lost, doubled or out of order`, unit: '', value: wrong, goal: { op: '<=', value: 0 } }),
  ];
}
