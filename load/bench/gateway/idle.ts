// `--only idle`, row 5: 10,000 sockets that signed in, resumed and say nothing. What each takes of the server's memory, and what letting it in costs.
import type { FanLine, FanRun } from '../fan/fan.ts';
import type { Part } from '../results.ts';
import type { Row } from '../row.ts';
import { interleave, linesOf, pairedRow, plainRow, withBench } from './run/measure.ts';
import { tooFewFiles } from './run/open-files.ts';

const SOCKETS = 10_000;
const ROOMS = 1_000;
const NAMES = ['parley', 'socket-io', 'ws-frame'] as const;
const WORK = { conns: SOCKETS, rooms: ROOMS, rates: 0, dur: '1s', settle: '3s' };

/** About half a minute a repeat. */
export async function benchIdle(repeats: number): Promise<Part> {
  const why = await tooFewFiles(SOCKETS);
  if (why !== null) return { rows: [{ name: 'idle: all rows', unit: '', values: [], notRun: why }] };
  return withBench('idle', async (bench) => {
    const runs = await interleave(bench, NAMES, repeats, (name) => bench.run(name, { rooms: ROOMS }, WORK));
    const lines = linesOf(runs, (run: FanRun) => run.connect);
    const name = '10,000 idle sockets, signed in';
    const memory = { unit: 'KiB', value: (line: FanLine) => line.rss_kib_per_conn?.server ?? Number.NaN };
    const accept = { unit: 'conn/s', value: (line: FanLine) => line.conn_per_s ?? Number.NaN };
    const cost = { unit: 'us', value: (line: FanLine) => line.cpu_us_per_connect?.server ?? Number.NaN };
    const beside = (row: Pick<Row, 'name' | 'unit' | 'goal'> & { value: (line: FanLine) => number }): Row =>
      pairedRow(bench, lines, ['parley', 'socket-io'], row);
    return {
      rows: [
        beside({ ...memory, name: `${name}: memory of each`, goal: { op: '<=', value: 10 } }),
        beside({ ...accept, name: `${name}: let in`, goal: { op: '>=', value: 1, ofRatio: true } }),
        beside({ ...cost, name: `${name}: CPU to let one in` }),
        plainRow(bench, lines, 'ws-frame', { ...memory, name: '10,000 idle sockets, bare ws: memory of each' }),
        plainRow(bench, lines, 'ws-frame', { ...accept, name: '10,000 idle sockets, bare ws: let in' }),
        plainRow(bench, lines, 'ws-frame', { ...cost, name: '10,000 idle sockets, bare ws: CPU to let one in' }),
      ],
    };
  });
}
