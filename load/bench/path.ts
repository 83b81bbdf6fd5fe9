// The whole path, embedded: send to deliver in one room of 50 at 200 messages/s, durable and in order. Baseline in the same run: a bare
// socket.io server that emits to a room and promises nothing.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Server } from 'socket.io';
import { connectRaw, type RawClient } from './raw-client.ts';
import type { Row } from './row.ts';
import { cpuMs, startBenchServer } from './server.ts';

const MEMBERS = 50;
const PER_SECOND = 200;
const SECONDS = 10;
const WARM_UP_SECONDS = 3;
const MARK = /@(\d+\.\d+)@/;

interface Sample {
  readonly p50: number;
  readonly p99: number;
  /** us of server CPU (without Postgres) for each delivery. */
  readonly cpuUs: number;
  readonly lost: number;
}

interface Target {
  readonly pid: number;
  readonly clients: readonly RawClient[];
  send(client: RawClient, text: string): void;
  stop(): Promise<void>;
}

/** Sends at the rate from clients in turn; every client gets every message. */
async function measure(open: (onEvent: (frame: string) => void) => Promise<Target>): Promise<Sample> {
  const latencies: number[] = [];
  let measuring = false;
  const target = await open((frame) => {
    const sent = MARK.exec(frame)?.[1];
    if (measuring && sent !== undefined) latencies.push(performance.now() - Number(sent));
  });
  const run = async (seconds: number): Promise<void> => {
    const began = performance.now();
    for (let i = 0; i < seconds * PER_SECOND; i++) {
      const wait = began + (i * 1000) / PER_SECOND - performance.now();
      if (wait > 1) await new Promise((done) => setTimeout(done, wait));
      const client = target.clients[i % target.clients.length];
      if (client !== undefined) target.send(client, `@${performance.now().toFixed(3)}@ ${'x'.repeat(180)}`);
    }
    await new Promise((done) => setTimeout(done, 1000));
  };
  await run(WARM_UP_SECONDS);
  measuring = true;
  const cpuBefore = await cpuMs(target.pid);
  await run(SECONDS);
  const cpu = (await cpuMs(target.pid)) - cpuBefore;
  await target.stop();
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), cpuUs: (cpu * 1000) / latencies.length, lost: SECONDS * PER_SECOND * MEMBERS - latencies.length };
}

async function openParley(onEvent: (frame: string) => void): Promise<Target> {
  const server = await startBenchServer();
  const people = [];
  for (let i = 0; i < MEMBERS; i++) people.push(await server.register(`bench-${i}`));
  const owner = people[0];
  if (owner === undefined) throw new Error('nobody');
  const made = await server.call<{ room: string }>(owner.accessToken, 'POST', '/api/rooms', {
    kind: 'channel',
    name: 'bench',
    visibility: 'public',
    members: people.slice(1).map((person) => person.user.id),
  });
  const clients = await Promise.all(people.map((person) => connectRaw(server.url, person.accessToken, onEvent)));
  return {
    pid: server.pid,
    clients,
    send: (client, text) => client.send('send', { type: 'message.post', room: made.room, clientId: crypto.randomUUID(), body: { text } }),
    stop: async () => {
      for (const client of clients) client.close();
      await server.stop();
    },
  };
}

/** The baseline's server, as a process of its own: `node path.ts --socket.io`. */
async function serveSocketIo(): Promise<void> {
  const http = createServer();
  const io = new Server(http, { transports: ['websocket'], serveClient: false });
  io.on('connection', (socket) => {
    void socket.join('room');
    socket.on('resume', (_: unknown, done: (answer: unknown) => void) => done({}));
    socket.on('send', (payload: unknown, done: (answer: unknown) => void) => {
      io.to('room').emit('event', payload);
      done({ ok: true });
    });
  });
  http.listen(0, '127.0.0.1', () => console.log((http.address() as { port: number }).port));
}

async function openSocketIo(onEvent: (frame: string) => void): Promise<Target> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--socket.io'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<string>((resolve) => child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim())));
  const clients = await Promise.all(Array.from({ length: MEMBERS }, () => connectRaw(`http://127.0.0.1:${port}`, '', onEvent)));
  return {
    pid: child.pid ?? 0,
    clients,
    send: (client, text) => client.send('send', { type: 'message.post', room: 'room', clientId: crypto.randomUUID(), body: { text } }),
    stop: async () => {
      for (const client of clients) client.close();
      child.kill('SIGKILL');
    },
  };
}

export async function benchPath(repeats: number): Promise<Row[]> {
  const ours: Sample[] = [];
  const bare: Sample[] = [];
  for (let i = 0; i < repeats; i++) {
    ours.push(await measure(openParley));
    bare.push(await measure(openSocketIo));
  }
  const pick = (samples: readonly Sample[], key: keyof Sample): number[] => samples.map((sample) => sample[key]);
  const row = (name: string, unit: string, key: keyof Sample): Row => ({
    name: `path, room of ${MEMBERS}, ${PER_SECOND}/s: ${name}`,
    unit,
    values: pick(ours, key),
    baseline: pick(bare, key),
  });
  return [
    row('send to deliver p50', 'ms', 'p50'),
    row('send to deliver p99', 'ms', 'p99'),
    row('CPU per delivery', 'us', 'cpuUs'),
    { name: `path, room of ${MEMBERS}, ${PER_SECOND}/s: lost`, unit: '', values: pick(ours, 'lost'), goal: { op: '<=', value: 0 } },
  ];
}

if (process.argv.includes('--socket.io')) await serveSocketIo();
