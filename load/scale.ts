// node load/scale.ts: how many of each for 1k, 100k, 1M and 10M connections, by arithmetic over costs that were measured on one small machine.
// Prints the tables of docs/scale.md, into which `node load/report/page.ts` puts them. Starts nothing and measures nothing.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Results } from './bench/results.ts';
import { toFigure } from './bench/row.ts';

/** What people do at the busiest time: the one thing that differs most between installations. Change it and run this again. */
export const USE = { secondsBetweenSends: 120, readersOnline: 20, tokenSeconds: 600, drainSeconds: 60 } as const;

type Source = 'measured' | 'peer' | 'assumed';
interface Cost {
  readonly value: number;
  readonly unit: string;
  readonly what: string;
  readonly source: Source;
}
const cost = (value: number, unit: string, what: string, source: Source): Cost => ({ value, unit, what, source });

const RESULTS = JSON.parse(readFileSync(fileURLToPath(new URL('../docs/performance/results.json', import.meta.url)), 'utf8')) as Results;

/** The median of the first row of a kept part that is called like this and was measured, to three digits. Throws when there is none. */
export function measuredIn(results: Results, part: string, name: RegExp): number {
  const figures = (results[part]?.rows ?? []).filter((row) => name.test(row.name)).map(toFigure);
  const found = figures.find(({ median }) => Number.isFinite(median));
  if (found === undefined)
    throw new Error(`docs/performance/results.json has no figure of ${part} called ${name}: npm run bench -- --only ${part} --keep it, or mend its name here`);
  return Number(found.median.toPrecision(3));
}
const measured = (part: string, name: RegExp, unit: string, what: string): Cost => cost(measuredIn(RESULTS, part, name), unit, what, 'measured');

/** measured: from what docs/performance.md shows, loopback, no TLS. peer: another server's figure on the same machine. assumed: nobody measured it. */
export const COSTS = {
  socketKiB: measured('idle', /signed in: memory of each/, 'KiB', 'an idle signed-in socket, in the gateway'),
  kernelKiB: cost(5, 'KiB', 'the same socket, in the kernel', 'peer'),
  workerMiB: cost(120, 'MiB', 'a gateway worker without sockets', 'assumed'),
  deliveryUs: measured('path', /CPU per delivery/, 'us', 'CPU of a delivery in small rooms (50 people, 200 messages/s), the whole of the one process'),
  pingUs: cost(10, 'us', "CPU of a ping and its answer, each 8 s: two of the kernel's writes", 'peer'),
  handshakeUs: cost(600, 'us', 'CPU of a new socket: accept, token, resume (a bare socket.io accept is 176)', 'assumed'),
  commitsPerSecond: measured('commit', /batches of 100\b(?!.*CPU)/, '/s', 'commits of one messages process, batches of 100, Postgres on the same cores'),
  commitUs: measured('commit', /batches of 100\b.*CPU/, 'us', 'CPU of a commit in the messages process'),
  feedUs: cost(2.4, 'us', 'CPU of Redis for each gateway that a message is for', 'peer'),
  refreshesPerSecond: cost(1_000, '/s', 'token refreshes of one accounts process', 'assumed'),
  rowBytes: cost(700, 'B', 'disk of one committed message, indices included', 'assumed'),
} as const;

/** One gateway pod: two workers, filled to 60 % of what they could do, so that the loss of one is taken by the others. */
const SOCKETS_PER_POD = 20_000;
const WORKERS_PER_POD = 2;
const FILL = 0.6;
export const CONNECTIONS = [1_000, 100_000, 1_000_000, 10_000_000] as const;

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const short = (value: number): string => (value >= 10 ? whole(value) : value.toFixed(value >= 1 ? 1 : 2));

export function scaleOf(connections: number) {
  const sends = connections / USE.secondsBetweenSends;
  const deliveries = sends * USE.readersOnline;
  const gateways = connections <= SOCKETS_PER_POD / 2 ? 2 : Math.ceil(connections / (SOCKETS_PER_POD * FILL)) + 1;
  const socketsPerPod = connections / gateways;
  const podMiB = (socketsPerPod * (COSTS.socketKiB.value + COSTS.kernelKiB.value)) / 1024 + WORKERS_PER_POD * COSTS.workerMiB.value;
  const podCores = ((deliveries / gateways) * COSTS.deliveryUs.value + (socketsPerPod / 8) * COSTS.pingUs.value) / 1e6;
  const gatewaysReached = Math.min(USE.readersOnline, gateways);
  return {
    connections,
    sends,
    deliveries,
    gateways,
    socketsPerPod,
    podMiB,
    podCores,
    reconnectsPerSecond: socketsPerPod / USE.drainSeconds,
    deadPodCores: (socketsPerPod * COSTS.handshakeUs.value) / 1e6 / USE.drainSeconds,
    messages: Math.max(2, Math.ceil(sends / (COSTS.commitsPerSecond.value * FILL)) + 1),
    postgresShare: sends / COSTS.commitsPerSecond.value,
    redisCores: (sends * gatewaysReached * COSTS.feedUs.value) / 1e6,
    refreshes: connections / USE.tokenSeconds,
    accounts: Math.max(2, Math.ceil(connections / USE.tokenSeconds / (COSTS.refreshesPerSecond.value * FILL)) + 1),
    edges: Math.max(2, Math.ceil(connections / USE.tokenSeconds / 1_000) + 1),
    gibADay: (sends * 0.3 * 86_400 * COSTS.rowBytes.value) / 2 ** 30,
  };
}
export type Scale = ReturnType<typeof scaleOf>;

const ROWS: readonly (readonly [string, (scale: Scale) => string])[] = [
  ['messages sent, a second', (scale) => short(scale.sends)],
  ['deliveries, a second', (scale) => short(scale.deliveries)],
  ['gateway pods of 2 workers', (scale) => whole(scale.gateways)],
  ['sockets of a pod', (scale) => whole(scale.socketsPerPod)],
  ['memory of a pod, MiB', (scale) => whole(scale.podMiB)],
  ['CPU of a pod, cores', (scale) => scale.podCores.toFixed(2)],
  ['reconnects a second while a pod drains', (scale) => whole(scale.reconnectsPerSecond)],
  ['messages pods', (scale) => whole(scale.messages)],
  ["share of one Postgres' commits", (scale) => `${short(scale.postgresShare * 100)} %`],
  ['CPU of Redis for the feed, cores', (scale) => short(scale.redisCores)],
  ['token refreshes a second', (scale) => short(scale.refreshes)],
  ['accounts pods', (scale) => whole(scale.accounts)],
  ['edge pods', (scale) => whole(scale.edges)],
  ['growth of messages, GiB a day', (scale) => short(scale.gibADay)],
];

export function tables(): string {
  const scales = CONNECTIONS.map(scaleOf);
  const head = ['at', ...CONNECTIONS.map((count) => whole(count))];
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const sizes = [row(head), row(head.map((_, index) => (index === 0 ? '---' : '--:'))), ...ROWS.map(([name, of]) => row([name, ...scales.map(of)]))];
  const costs = Object.values(COSTS).map(({ value, unit, what, source }) => row([what, `${value.toLocaleString('en-US')} ${unit}`, source]));
  return [...sizes, '', row(['cost', 'value', 'from']), row(['---', '--:', '---']), ...costs].join('\n');
}

if (import.meta.main) console.log(tables());
