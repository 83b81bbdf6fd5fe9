// The whole path, embedded: send to deliver in one room of 50 at 200 messages/s, durable and in order. Two baselines in the same run, in
// turns: socket.io with its Redis adapter and an insert before the emit, and bare socket.io, which promises nothing at all.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { missing } from '@parley/engines';
import { ownRedis } from '@parley/engines/testing';
import { ensureDatabase, startEmbeddedPostgres } from '@parley/postgres';
import { cpuMs } from '../proc.ts';
import { connectRaw } from '../raw-client.ts';
import type { Part } from '../results.ts';
import type { Goal, Row } from '../row.ts';
import { startBenchServer } from '../server.ts';
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

type Open = (onEvent: (frame: string) => void) => Promise<Target>;

/** A socket.io server in a process of its own; `engines`: what it keeps its messages and its rooms in. */
const openSocketIo =
  (engines: readonly string[]): Open =>
  async (onEvent) => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('./stored-server.ts', import.meta.url)), ...engines], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
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
  };

/** With engines of this one measurement, as Parley's Postgres is. */
const openStored: Open = async (onEvent) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-bench-stored-'));
  const [redis, postgres] = await Promise.all([ownRedis(), startEmbeddedPostgres({ dataDir })]);
  const stopEngines = async (): Promise<void> => {
    await Promise.all([redis.stop(), postgres.stop()]);
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const connection = postgres.connection('stored');
    await ensureDatabase(postgres.connection('postgres'), 'stored');
    const target = await openSocketIo([redis.url, JSON.stringify(connection)])(onEvent);
    return {
      ...target,
      stop: async () => {
        await target.stop();
        await stopEngines();
      },
    };
  } catch (error) {
    await stopEngines();
    throw error;
  }
};

const NAME = `path, room of ${MEMBERS}, ${PER_SECOND}/s`;
const STORED = 'socket.io + redis-adapter + insert before emit';
const BARE = 'socket.io';

/** `--only path`: about 50 s a repeat. */
export async function benchPath(repeats: number): Promise<Part> {
  const why = missing('redis');
  const samples = { ours: [] as Sample[], stored: [] as Sample[], bare: [] as Sample[] };
  for (let i = 0; i < repeats; i++) {
    samples.ours.push(await measurePaced(openParley));
    if (why === null) samples.stored.push(await measurePaced(openStored));
    samples.bare.push(await measurePaced(openSocketIo([])));
  }
  const row = (name: string, unit: string, key: keyof Sample, than: 'stored' | 'bare', goal?: Goal): Row => ({
    name: `${NAME}: ${name}${than === 'bare' ? ', beside bare socket.io' : ''}`,
    unit,
    values: samples.ours.map((one) => one[key]),
    baseline: samples[than].map((one) => one[key]),
    baselineName: than === 'stored' ? STORED : BARE,
    ...(goal === undefined ? {} : { goal }),
    ...(than === 'stored' && why !== null ? { notRun: why, values: [], baseline: [] } : {}),
  });
  const twice: Goal = { op: '<=', value: 2, ofRatio: true };
  return {
    rows: [
      row('send to deliver p50', 'ms', 'p50', 'stored', twice),
      row('send to deliver p99', 'ms', 'p99', 'stored', twice),
      row('CPU per delivery', 'us', 'cpuUs', 'stored'),
      row('send to deliver p50', 'ms', 'p50', 'bare'),
      row('send to deliver p99', 'ms', 'p99', 'bare'),
      row('CPU per delivery', 'us', 'cpuUs', 'bare'),
      { name: `${NAME}: lost`, unit: '', values: samples.ours.map(({ lost }) => lost), goal: { op: '<=', value: 0 } },
    ],
  };
}
