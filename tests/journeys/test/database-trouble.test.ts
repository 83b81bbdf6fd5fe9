// Postgres ends every connection of ours, again and again, while people talk: sends go on, everything is there once and in order, and soon.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startParley } from '@parley/cli';
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { type World, world } from '../src/world.ts';

const ROUNDS = 6;
const SENDS_A_ROUND = 5;
/** From the last cut to the last result: connections and claims are back in a second or two; a machine under load may take longer. */
const BOUND_MS = 20_000;

let people: World | null = null;
let admin: pg.Client | null = null;
let dataDir = '';

afterEach(async () => {
  await admin?.end();
  await people?.close();
  if (dataDir !== '') await rm(dataDir, { recursive: true, force: true });
});

/** Ends every connection to every database but this one; answers how many. */
const cutAll = async (by: pg.Client): Promise<number> => {
  const all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'";
  return (await by.query(all)).rowCount ?? 0;
};

test.skipIf(process.env.PARLEY_TEST_URL !== undefined)('people talk while every connection to Postgres is ended six times', { timeout: 120_000 }, async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'parley-trouble-'));
  const started = await startParley({ dataDir, logLevel: 'silent' });
  people = world(started.url, undefined, () => started.stop());
  const ann = await people.person('Ann');
  const bob = await people.person('Bob');
  const rooms = [await people.channel(ann, [bob]), await people.channel(ann, [bob])];
  admin = new pg.Client({ host: join(dataDir, 'pg'), port: 5432, user: 'parley', database: 'postgres' });
  await admin.connect();

  const sends: Promise<{ status: string }>[] = [];
  const cuts: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (let nr = 0; nr < SENDS_A_ROUND; nr++)
      for (const person of [ann, bob]) for (const room of rooms) sends.push(person.parley.room(room).send(`${person.handle} ${round} ${nr}`));
    // In the middle of them. Every other time the next round goes into whatever state that left.
    cuts.push(await cutAll(admin));
    if (round % 2 === 0) await Promise.race(sends.slice(-4));
  }
  expect(Math.max(...cuts)).toBeGreaterThan(5);
  const began = performance.now();
  const results = await Promise.all(sends);
  expect(performance.now() - began).toBeLessThan(BOUND_MS);
  expect(results.map((result) => result.status)).toEqual(Array(ROUNDS * SENDS_A_ROUND * 4).fill('committed'));

  // Members change, people sign in: the other databases are there again too.
  const cid = await people.person('Cid');
  await ann.parley.room(rooms[0] as string).add([cid.user]);
  await cid.sees('the room', () => cid.parley.state.rooms.has(rooms[0] as string));
  const report = await people.judge(ann, rooms, [ann, bob, cid]);
  expect(report.violations).toEqual([]);
});
