// Row 3: 500 rooms of 10 over two workers and a real Redis, where what a message costs beside its writes counts most. For Parley an injector stands
// for messages and publishes; for the others the servers do: what both and Redis cost is told beside.
import type { FanLine, FanRun } from '../fan/fan.ts';
import type { Row } from '../row.ts';
import { type Bench, interleave, type Lines, linesOf, pairedRow, plainRow, serverUs, wrong } from './run/measure.ts';

const NAMES = ['parley-redis', 'socket-io-redis', 'centrifugo-redis'] as const;
const ROOMS = 500;
const RATES = [500, 1_500] as const;
const WORK = { conns: 5_000, rooms: ROOMS, pubs: 10, rates: RATES.join(','), dur: '3s', warm: '1s', settle: '300ms' };

export async function measureSmallRooms(bench: Bench, repeats: number): Promise<readonly Row[]> {
  const runs = await interleave(bench, NAMES, repeats, (name) => bench.run(name, { rooms: ROOMS }, WORK));
  return RATES.flatMap((rate) => rowsOf(bench, linesOf(runs, phaseAt(rate)), rate));
}

const phaseAt =
  (rate: number) =>
  ({ phases }: FanRun): FanLine => {
    const line = phases.find((phase) => phase.rate === rate);
    if (line === undefined) throw new Error(`The load client did not measure ${rate}/s.`);
    return line;
  };

function rowsOf(bench: Bench, lines: Lines, rate: number): Row[] {
  const name = `gateway x2 over Redis, ${ROOMS} rooms of 10, ${rate.toLocaleString('en')} msg/s`;
  const cost = { name: `${name}: CPU of the workers for a delivery`, unit: 'us', value: serverUs, goal: { op: '<=', value: 0.7, ofRatio: true } } as const;
  const part = (group: string) => (line: FanLine) => line.cpu_us_per_delivery[group] ?? Number.NaN;
  return [
    pairedRow(bench, lines, ['parley-redis', 'socket-io-redis'], cost),
    pairedRow(bench, lines, ['parley-redis', 'centrifugo-redis'], { ...cost, name: `${cost.name}, to Centrifugo` }),
    pairedRow(bench, lines, ['parley-redis', 'socket-io-redis'], { name: `${name}: CPU of Redis for a delivery`, unit: 'us', value: part('redis') }),
    plainRow(bench, lines, 'parley-redis', { name: `${name}: CPU of the injector for a delivery`, unit: 'us', value: part('injector') }),
    pairedRow(bench, lines, ['parley-redis', 'socket-io-redis'], { name: `${name}: p99`, unit: 'ms', value: (line) => line.p99_ms }),
    plainRow(bench, lines, 'parley-redis', { name: `${name}: lost, doubled or out of order`, unit: '', value: wrong, goal: { op: '<=', value: 0 } }),
  ];
}
