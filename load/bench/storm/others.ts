// The people who are not cut off, a process of their own: some talk in the rooms, all listen, and the time of each delivery is taken.
// `node others.ts JSON` with where the server is, who they are and how much is said.
import { performance } from 'node:perf_hooks';
import { LeanSocket, markNow, newTally } from '../path/lean-socket.ts';
import { percentile } from '../row.ts';

export interface OthersJob {
  /** One server, or several that the sockets are spread over. */
  readonly servers: readonly { readonly host: string; readonly port: number }[];
  /** One socket each. `rooms`: where this one talks, in turn; none: it only listens. */
  readonly people: readonly { readonly token: string; readonly rooms: readonly string[] }[];
  /** Messages a second in the first room, and in all the others together. */
  readonly big: number;
  readonly small: number;
}

export type OthersAsk = { readonly ask: 'measure' | 'look' | 'quiet' };
export type OthersSaid =
  | { readonly said: 'online' }
  | { readonly said: 'measuring' }
  | { readonly said: 'figures'; readonly p50: number; readonly p99: number; readonly max: number; readonly deliveries: number; readonly gaps: number }
  | { readonly said: 'heads'; readonly heads: Readonly<Record<string, number>>; readonly sent: number; readonly acks: number };

const say = (what: OthersSaid): void => void process.send?.(what);
const TEXT = 'x'.repeat(150);
const TICK_MS = 5;
const QUIET_MS = 1_500;

if (process.argv[1] === import.meta.filename) {
  const job = JSON.parse(process.argv[2] ?? '{}') as OthersJob;
  const tally = newTally();
  let latencies: number[] = [];
  const sockets = job.people.map(({ token }) => new LeanSocket({ token, tally, timed: true, listener: { latency: (ms) => latencies.push(ms) } }));
  for (const [i, socket] of sockets.entries()) {
    const server = job.servers[i % job.servers.length];
    if (server !== undefined) socket.connect(server.host, server.port);
  }
  while (!sockets.every(({ rooms }) => rooms.size > 0 && [...rooms.values()].every(({ live }) => live))) await new Promise((done) => setTimeout(done, 20));
  const talkers = job.people.flatMap(({ rooms }, i) => rooms.map((room) => ({ room, socket: sockets[i] as LeanSocket })));
  const big = talkers[0]?.room;
  const lists = [
    { rate: job.big, of: talkers.filter(({ room }) => room === big), sent: 0 },
    { rate: job.small, of: talkers.filter(({ room }) => room !== big), sent: 0 },
  ];
  const began = performance.now();
  const timer = setInterval(() => {
    const elapsed = (performance.now() - began) / 1_000;
    for (const list of lists) {
      for (; list.of.length > 0 && list.sent < elapsed * list.rate; list.sent++) {
        const { room, socket } = list.of[list.sent % list.of.length] as (typeof talkers)[number];
        socket.post(room, markNow() + TEXT);
      }
    }
  }, TICK_MS);
  process.on('disconnect', () => process.exit(0));
  process.on('message', ({ ask }: OthersAsk) => {
    if (ask === 'measure') {
      latencies = [];
      return say({ said: 'measuring' });
    }
    if (ask === 'look') {
      const sorted = latencies.sort((a, b) => a - b);
      return say({
        said: 'figures',
        p50: percentile(sorted, 0.5),
        p99: percentile(sorted, 0.99),
        max: sorted.at(-1) ?? Number.NaN,
        deliveries: sorted.length,
        gaps: tally.gaps + tally.resets,
      });
    }
    clearInterval(timer);
    setTimeout(() => {
      const heads: Record<string, number> = {};
      for (const { rooms } of sockets) for (const { id, seq } of rooms.values()) heads[id] = Math.max(heads[id] ?? 0, seq);
      say({ said: 'heads', heads, sent: lists.reduce((sum, { sent }) => sum + sent, 0), acks: tally.acks });
    }, QUIET_MS);
  });
  say({ said: 'online' });
}
