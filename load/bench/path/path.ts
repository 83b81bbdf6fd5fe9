// The whole path, embedded: send to deliver in one room of 50 at 200 messages/s, durable and in order. Baseline in the same run: a bare
// socket.io server that emits to a room and promises nothing.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Server } from 'socket.io';
import { connectRaw } from '../raw-client.ts';
import type { Row } from '../row.ts';
import { cpuMs, startBenchServer } from '../server.ts';
import { MEMBERS, measurePaced, PER_SECOND, type Sample, type Target } from './paced-room.ts';

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
    cpuMs: () => cpuMs(server.pid),
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
    cpuMs: () => cpuMs(child.pid ?? 0),
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
    ours.push(await measurePaced(openParley));
    bare.push(await measurePaced(openSocketIo));
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
