// Row 2: one room of 1,000 at 20 messages/s, where nothing can be joined and a delivery costs a write. Many short runs, each pair in one minute.
import type { Row } from '../row.ts';
import { MEMBERS } from './ramp.ts';
import { type Bench, interleave, linesOf, only, pairedRow, plainRow, serverUs, wrong } from './run/measure.ts';

const NAMES = ['parley', 'ws-frame', 'socket-io'] as const;
const WORK = { conns: MEMBERS, rooms: 1, rates: 20, dur: '3s', warm: '1s', settle: '200ms' };

export async function measureQuietRoom(bench: Bench, repeats: number): Promise<readonly Row[]> {
  const runs = await interleave(bench, NAMES, repeats, (name) => bench.run(name, { rooms: 1 }, WORK));
  const lines = linesOf(runs, only);
  const p50 = (name: 'parley' | 'ws-frame'): number[] => (lines.get(name) ?? []).map((line) => line.p50_ms);
  const frame = p50('ws-frame');
  const name = 'gateway, room of 1,000, 20 msg/s';
  const cost = { name: `${name}: CPU for a delivery`, unit: 'us', value: serverUs };
  return [
    pairedRow(bench, lines, ['parley', 'ws-frame'], { ...cost, goal: { op: '<=', value: 1.2, ofRatio: true } }),
    pairedRow(bench, lines, ['parley', 'socket-io'], { ...cost, name: `${cost.name}, to socket.io`, goal: { op: '<=', value: 0.75, ofRatio: true } }),
    pairedRow(bench, lines, ['parley', 'ws-frame'], { name: `${name}: p50`, unit: 'ms', value: (line) => line.p50_ms }),
    {
      name: `${name}: p50 later than the bare loop`,
      unit: 'ms',
      values: p50('parley').map((ms, i) => ms - (frame[i] ?? Number.NaN)),
      goal: { op: '<=', value: 1 },
    },
    pairedRow(bench, lines, ['parley', 'ws-frame'], { name: `${name}: p99`, unit: 'ms', value: (line) => line.p99_ms }),
    plainRow(bench, lines, 'parley', { name: `${name}: lost, doubled or out of order`, unit: '', value: wrong, goal: { op: '<=', value: 0 } }),
  ];
}
