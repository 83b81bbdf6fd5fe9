// The same service over a bucket. What stands for the bucket is test/s3-server.ts, so this is about our calls and not about a real server.
import { randomBytes } from 'node:crypto';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type S3Server, startS3Server } from './s3-server.ts';
import { newId, startWorld, until, type World } from './world.ts';

let bucket: S3Server;
let world: World;
const [room, alice] = [newId(), newId()];
beforeEach(async () => {
  bucket = await startS3Server();
  world = await startWorld({ config: { s3: { endpoint: bucket.url, bucket: 'files', region: 'here', accessKeyId: 'key', secretAccessKey: 'secret' } } });
  world.rooms.join(room, alice);
});
afterEach(async () => {
  await world?.stop();
  await bucket?.stop();
});

test('a file comes in pieces, is read whole and in part, and goes with its message', { timeout: 30_000 }, async () => {
  const bytes = randomBytes(7_000_000);
  const path = await world.begin(alice, room, 'large.bin', bytes.length);
  const id = path.split('/').at(-1) ?? '';
  for (let at = 0; at < bytes.length; at += 3_000_000) expect((await world.patch(alice, path, at, bytes.subarray(at, at + 3_000_000))).status).toBe(204);
  expect(await world.info(alice, id)).toMatchObject({ bytes: bytes.length, type: 'application/octet-stream' });
  const whole = await world.call(alice, 'GET', `/api/media/files/${id}`);
  expect(bytes.equals(Buffer.from(await whole.arrayBuffer()))).toBe(true);
  const part = await world.call(alice, 'GET', `/api/media/files/${id}`, { headers: { range: 'bytes=6000000-6000009' } });
  expect([part.status, Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(6_000_000, 6_000_010))]).toEqual([206, true]);
  const seq = await world.post(room, alice, [{ id }]);
  await world.delete(room, alice, seq);
  await until('its objects are gone', () => [...bucket.objects.keys()].every((key) => !key.startsWith(id)));
  expect(bucket.open.size).toBe(0);
});

test('an upload goes on from where the bucket has it, and a picture gets its thumbnail there', { timeout: 30_000 }, async () => {
  const png = await sharp({ create: { width: 900, height: 300, channels: 3, background: 'teal' } })
    .png()
    .toBuffer();
  const path = await world.begin(alice, room, 'a.png', png.length);
  const id = path.split('/').at(-1) ?? '';
  expect((await world.patch(alice, path, 0, png.subarray(0, 500))).status).toBe(204);
  const head = await world.call(alice, 'HEAD', path, { headers: { 'tus-resumable': '1.0.0' } });
  expect(head.headers.get('upload-offset')).toBe('500');
  expect((await world.patch(alice, path, 500, png.subarray(500))).status).toBe(204);
  await until('the thumbnail', async () => (await world.info(alice, id)).thumbnail === 'ready');
  const thumb = await world.call(alice, 'GET', `/api/media/files/${id}/thumb`);
  expect(await sharp(Buffer.from(await thumb.arrayBuffer())).metadata()).toMatchObject({ width: 512, height: 171 });
  expect(bucket.objects.has(`${id}.webp`)).toBe(true);
});

test('an upload that is given up leaves no part behind', { timeout: 30_000 }, async () => {
  const path = await world.begin(alice, room, 'never.bin', 9_000_000);
  expect((await world.patch(alice, path, 0, randomBytes(6_000_000))).status).toBe(204);
  expect(bucket.open.size).toBe(1);
  expect(await world.erase(alice)).toBe(true);
  expect([bucket.open.size, bucket.objects.size]).toEqual([0, 0]);
});
