// The service dies in the middle of an upload, and in the moment between the last byte and the look at the bytes.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testDatabase } from '@parley/postgres/testing';
import { afterEach, expect, test } from 'vitest';
import { migrationsFolder } from '../src/index.ts';
import { clientOf, newId, until } from './world.ts';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function scene() {
  const database = await testDatabase(migrationsFolder);
  undo.push(() => database.drop());
  const dir = await mkdtemp(join(tmpdir(), 'parley-media-killed-'));
  undo.push(() => rm(dir, { recursive: true, force: true }));
  const start = async () => {
    const script = fileURLToPath(new URL('./media-process.ts', import.meta.url));
    const child = spawn(process.execPath, [script, JSON.stringify({ database: database.connection, dir })], { stdio: ['ignore', 'pipe', 'inherit'] });
    const kill = () => killed(child);
    undo.push(kill);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return { client: clientOf(line.toString().trim()), kill };
  };
  return { dir, start };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

test('an upload goes on after kill -9 in the middle of it, and is whole at the end', { timeout: 60_000 }, async () => {
  const { dir, start } = await scene();
  const [room, alice] = [newId(), newId()];
  const bytes = randomBytes(3_000_000);
  const first = await start();
  const path = await first.client.begin(alice, room, 'large.bin', bytes.length);
  const id = path.split('/').at(-1) ?? '';
  expect((await first.client.patch(alice, path, 0, bytes.subarray(0, 1_000_000))).status).toBe(204);
  // The second piece never ends: it waits for the kill with half of it on the way.
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const headers = {
    authorization: `Bearer ${alice}`,
    'tus-resumable': '1.0.0',
    'upload-offset': '1000000',
    'content-type': 'application/offset+octet-stream',
  };
  const cut = fetch(`${first.client.url}${path}`, { method: 'PATCH', headers, body: readable, duplex: 'half' } as RequestInit).then(
    () => 'answered',
    () => 'cut',
  );
  const pushed = writer.write(bytes.subarray(1_000_000, 1_500_000)).catch(() => {});
  await until('some of it is on the disk', async () => (await stat(join(dir, id))).size > 1_000_000);
  await first.kill();
  expect(await cut).toBe('cut');
  await pushed;

  const { client } = await start();
  const head = await client.call(alice, 'HEAD', path, { headers: { 'tus-resumable': '1.0.0' } });
  const offset = Number(head.headers.get('upload-offset'));
  expect(offset).toBeGreaterThan(1_000_000);
  expect(offset).toBeLessThanOrEqual(1_500_000);
  expect((await client.patch(alice, path, offset, bytes.subarray(offset))).status).toBe(204);
  const answer = await client.call(alice, 'GET', `/api/media/files/${id}`);
  expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
});

test('an upload whose last byte came before the kill becomes a file when it is asked for', { timeout: 60_000 }, async () => {
  const { dir, start } = await scene();
  const [room, alice] = [newId(), newId()];
  const first = await start();
  const path = await first.client.begin(alice, room, 'a.txt', 5);
  const id = path.split('/').at(-1) ?? '';
  expect((await first.client.patch(alice, path, 0, Buffer.from('hel'))).status).toBe(204);
  await first.kill();
  // As the disk is when the process dies between the write and everything after it.
  await writeFile(join(dir, id), 'lo', { flag: 'a' });

  const { client } = await start();
  const head = await client.call(alice, 'HEAD', path, { headers: { 'tus-resumable': '1.0.0' } });
  expect(head.headers.get('upload-offset')).toBe('5');
  expect(await client.info(alice, id)).toMatchObject({ type: 'text/plain', bytes: 5 });
  expect(await (await client.call(alice, 'GET', `/api/media/files/${id}`)).text()).toBe('hello');
});
