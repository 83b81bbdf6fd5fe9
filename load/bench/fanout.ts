// What a gateway costs: memory of an idle signed-in socket, and CPU for each delivery in one room. Baseline of the same run: a bare
// socket.io server that emits to a room, with the same clients.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Order, Report } from './fanout-server.ts';
import type { Row } from './row.ts';

const IDLE_SOCKETS = 2_000;
const ROOM_SIZES = [200, 1_000];
const PER_SECOND = 20;
const WARM_UP_SECONDS = 2;
const SECONDS = 6;
const SETTLE_MS = 500;

type Mode = 'gateway' | 'bare';

const start = (file: string, args: readonly string[]): ChildProcess =>
  fork(fileURLToPath(new URL(file, import.meta.url)), args, { execArgv: ['--expose-gc'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });

async function next<T>(child: ChildProcess): Promise<T> {
  const [report] = (await once(child, 'message')) as [T];
  return report;
}

async function ask(server: ChildProcess, order: Order): Promise<Report> {
  const answer = next<Report>(server);
  server.send(order);
  return answer;
}

const number = (report: Report, field: string): number => (report as unknown as Record<string, number>)[field] ?? Number.NaN;

async function withServer<T>(mode: Mode, measure: (server: ChildProcess, url: string) => Promise<T>): Promise<T> {
  const server = start('./fanout-server.ts', [mode]);
  try {
    const { port } = await next<{ port: number }>(server);
    return await measure(server, `http://127.0.0.1:${port}`);
  } finally {
    server.disconnect();
  }
}

async function withClients<T>(url: string, count: number, measure: (clients: ChildProcess) => Promise<T>): Promise<T> {
  const clients = start('./fanout-clients.ts', [url, String(count)]);
  try {
    await next(clients);
    return await measure(clients);
  } finally {
    clients.disconnect();
  }
}

/** KiB of the server's RSS for each socket that is signed in, in a room, and idle. */
const idleKib = (mode: Mode): Promise<number> =>
  withServer(mode, async (server, url) => {
    // A first client loads what is loaded once.
    await withClients(url, 20, async () => {});
    const before = number(await ask(server, { do: 'memory' }), 'memoryKib');
    return withClients(url, IDLE_SOCKETS, async () => (number(await ask(server, { do: 'memory' }), 'memoryKib') - before) / IDLE_SOCKETS);
  });

/** us of the server's CPU for each delivery. Throws when a delivery is missing. */
const deliveryUs = (mode: Mode, sockets: number): Promise<number> =>
  withServer(mode, (server, url) =>
    withClients(url, sockets, async (clients) => {
      const counted = async (): Promise<number> => {
        await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
        const answer = next<{ events: number }>(clients);
        clients.send({});
        return (await answer).events;
      };
      await ask(server, { do: 'publish', perSecond: PER_SECOND, seconds: WARM_UP_SECONDS });
      await counted();
      const report = await ask(server, { do: 'publish', perSecond: PER_SECOND, seconds: SECONDS });
      const expected = number(report, 'published') * sockets;
      const delivered = await counted();
      if (delivered !== expected) throw new Error(`${mode}: ${delivered} of ${expected} deliveries arrived`);
      return number(report, 'cpuUs') / delivered;
    }),
  );

/** Rows of the bench table; about a minute a repeat. */
export async function benchFanout(repeats = 1): Promise<Row[]> {
  const memory: Row = { name: 'gateway: memory of an idle signed-in socket', unit: 'KiB', values: [], baseline: [] };
  const rooms = ROOM_SIZES.map((size): Row & { size: number } => ({
    size,
    name: `gateway: a delivery in one room of ${size} at ${PER_SECOND} msg/s`,
    unit: 'us CPU',
    values: [],
    baseline: [],
  }));
  for (let i = 0; i < repeats; i++) {
    (memory.values as number[]).push(await idleKib('gateway'));
    (memory.baseline as number[]).push(await idleKib('bare'));
    for (const row of rooms) {
      (row.values as number[]).push(await deliveryUs('gateway', row.size));
      (row.baseline as number[]).push(await deliveryUs('bare', row.size));
    }
  }
  return [memory, ...rooms.map(({ size: _, ...row }) => row)];
}
