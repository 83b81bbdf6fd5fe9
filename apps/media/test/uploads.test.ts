// Stories of getting a file there: in pieces, after cuts, and of everything that is refused on the way.
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf, metadata, newId, type Refusal, startWorld, until, type World } from './world.ts';

let world: World;
const QUOTA = 300_000;
const [room, alice, bob] = [newId(), newId(), newId()];
beforeAll(async () => {
  world = await startWorld({ config: { maxBytes: 200_000, quotaBytes: QUOTA } });
  for (const user of [alice, bob]) world.rooms.join(room, user);
});
afterAll(() => world?.stop());

const offsetOf = async (user: string, path: string): Promise<number> => {
  const head = await world.call(user, 'HEAD', path, { headers: { 'tus-resumable': '1.0.0' } });
  expect(head.status).toBe(200);
  return Number(head.headers.get('upload-offset'));
};
const idOf = (path: string): string => path.split('/').at(-1) ?? '';
const member = (): string => {
  const user = newId();
  world.rooms.join(room, user);
  return user;
};

describe('an upload', () => {
  test('comes in pieces, and what was read back is what was sent', async () => {
    const bytes = randomBytes(150_000);
    const path = await world.begin(alice, room, 'a.bin', bytes.length);
    expect(path).toMatch(/^\/api\/media\/uploads\/[0-9a-f-]{36}$/);
    expect((await world.patch(alice, path, 0, bytes.subarray(0, 100_000))).headers.get('upload-offset')).toBe('100000');
    expect(await offsetOf(alice, path)).toBe(100_000);
    const last = await world.patch(alice, path, 100_000, bytes.subarray(100_000));
    expect([last.status, last.headers.get('upload-offset')]).toEqual([204, '150000']);
    const id = idOf(path);
    expect(await world.info(alice, id)).toEqual({
      id,
      room,
      name: 'a.bin',
      type: 'application/octet-stream',
      bytes: 150_000,
      width: null,
      height: null,
      thumbnail: 'none',
    });
    const answer = await world.call(alice, 'GET', `/api/media/files/${id}`);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    await world.call(alice, 'DELETE', path, { headers: { 'tus-resumable': '1.0.0' } });
  });

  test('goes on where the connection was cut', async () => {
    const bytes = randomBytes(120_000);
    const path = await world.begin(alice, room, 'cut.bin', bytes.length);
    // A raw socket: half of what it promises, then gone.
    const { hostname, port } = new URL(world.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `PATCH ${path} HTTP/1.1\r\nHost: media\r\nAuthorization: Bearer ${alice}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: ${bytes.length}\r\n\r\n`,
    );
    socket.write(bytes.subarray(0, 70_000));
    await until('some bytes are on the disk', async () => (await offsetOfNow(path)) > 0);
    socket.destroy();
    const offset = await offsetOf(alice, path);
    expect(offset).toBeGreaterThan(0);
    expect(offset).toBeLessThanOrEqual(70_000);
    expect((await world.patch(alice, path, offset, bytes.subarray(offset))).status).toBe(204);
    const answer = await world.call(alice, 'GET', `/api/media/files/${idOf(path)}`);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    await world.call(alice, 'DELETE', path);
  });

  /** As the disk says: HEAD would wait for the request that is under way. */
  const offsetOfNow = async (path: string): Promise<number> => (await (await import('node:fs/promises')).stat(`${world.dir}/${idOf(path)}`)).size;

  test('is refused a wrong offset, a wrong length, and bytes beyond its end; nothing of that changes it', async () => {
    const path = await world.begin(alice, room, 'x', 10);
    expect((await world.patch(alice, path, 0, Buffer.from('12345'))).status).toBe(204);
    for (const offset of [0, 4, 6]) {
      const answer = await world.patch(alice, path, offset, Buffer.from('abcde'));
      expect([answer.status, await codeOf(answer)]).toEqual([409, 'upload_conflict']);
    }
    const tooMuch = await world.patch(alice, path, 5, Buffer.from('abcdef'));
    expect([tooMuch.status, await codeOf(tooMuch)]).toEqual([413, 'too_large']);
    expect(await offsetOf(alice, path)).toBe(5);
    // Not complete: no file yet, for anybody.
    await expect(world.info(alice, idOf(path))).rejects.toMatchObject({ code: 'upload_conflict' });
    expect((await world.call(alice, 'GET', `/api/media/files/${idOf(path)}`)).status).toBe(404);
    for (const length of ['', '-1', '1e3', '0x10', '99999999999999999999'])
      expect(
        await codeOf(
          await world.call(alice, 'POST', '/api/media/uploads', {
            headers: { 'tus-resumable': '1.0.0', 'upload-length': length, 'upload-metadata': metadata(room, 'x') },
          }),
        ),
      ).toBe('invalid');
    await expect(world.begin(alice, room, 'empty', 0)).rejects.toMatchObject({ code: 'invalid' });
    await world.call(alice, 'DELETE', path);
  });

  test('is refused without a token, a room that is one’s own, or metadata that says which', async () => {
    const headers = { 'tus-resumable': '1.0.0', 'upload-length': '5' };
    const begin = async (user: string | null, more: Record<string, string>) =>
      codeOf(await world.call(user, 'POST', '/api/media/uploads', { headers: { ...headers, ...more } }));
    expect(await begin(null, { 'upload-metadata': metadata(room, 'x') })).toBe('unauthenticated');
    expect(await begin(newId(), { 'upload-metadata': metadata(room, 'x') })).toBe('not_found');
    expect(await begin(alice, { 'upload-metadata': metadata(newId(), 'x') })).toBe('not_found');
    for (const wrong of ['', 'room', `room ${btoa('not an id')},name eA==`, `name eA==`, `room ${btoa(room)}`, '%%%'])
      expect(await begin(alice, wrong === '' ? {} : { 'upload-metadata': wrong })).toBe('invalid');
    world.rooms.away = true;
    expect(await begin(alice, { 'upload-metadata': metadata(room, 'x') })).toBe('unavailable');
    world.rooms.away = false;
  });

  test('is nobody else’s: others cannot ask for it, add to it or give it up', async () => {
    const path = await world.begin(alice, room, 'x', 5);
    for (const method of ['HEAD', 'PATCH', 'DELETE']) {
      const answer = await world.call(bob, method, path, { headers: { 'tus-resumable': '1.0.0', 'upload-offset': '0' } });
      expect([method, answer.status]).toEqual([method, 404]);
      const anonymous = await world.call(null, method, path, { headers: { 'tus-resumable': '1.0.0', 'upload-offset': '0' } });
      expect([method, anonymous.status]).toEqual([method, 401]);
    }
    expect((await world.patch(bob, path, 0, Buffer.from('12345'))).status).toBe(404);
    expect(await offsetOf(alice, path)).toBe(0);
    expect((await world.call(alice, 'DELETE', path)).status).toBe(204);
    expect((await world.call(alice, 'HEAD', path)).status).toBe(404);
  });

  test('is refused when it is too large, and when its owner’s files would be: also when many begin at once', async () => {
    const carol = member();
    await expect(world.begin(carol, room, 'x', 200_001)).rejects.toMatchObject({ status: 413, code: 'too_large' });
    const begun = await Promise.allSettled(Array.from({ length: 12 }, () => world.begin(carol, room, 'x', 50_000)));
    expect(begun.filter((one) => one.status === 'fulfilled')).toHaveLength(QUOTA / 50_000);
    for (const one of begun) if (one.status === 'rejected') expect((one.reason as Refusal).code).toBe('quota_exceeded');
    // What is given up makes room again.
    const [first] = begun.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect((await world.call(carol, 'DELETE', first ?? '')).status).toBe(204);
    await expect(world.begin(carol, room, 'x', 50_000)).resolves.toContain('/uploads/');
  });

  test('keeps no path, control sign or change of direction of its name', async () => {
    const dave = member();
    const names: readonly (readonly [given: string, kept: string])[] = [
      ['../../../etc/passwd', 'passwd'],
      ['..\\..\\windows\\system.ini', 'system.ini'],
      ['/', 'file'],
      ['..', 'file'],
      ['.htaccess', 'htaccess'],
      ['photo\u202egpj.exe', 'photogpj.exe'],
      ['a\u0000b\r\nSet-Cookie: x.txt', 'abSet-Cookie: x.txt'],
      ['"><script>alert(1)</script>.png', 'script>.png'],
      ['  Ferien 1.JPG ', 'Ferien 1.JPG'],
      ['\ud800lone.txt', '\ufffdlone.txt'],
      [`${'x'.repeat(300)}.jpeg`, `${'x'.repeat(195)}.jpeg`],
    ];
    for (const [given, kept] of names) {
      const file = await world.upload(dave, room, given, Buffer.from('hello'));
      expect([given, file.name]).toEqual([given, kept]);
      const { headers } = await world.call(dave, 'GET', `/api/media/files/${file.id}`);
      expect(headers.get('set-cookie')).toBeNull();
      expect(headers.get('content-disposition')).toMatch(/^attachment; filename="[^"\\]*"; filename\*=UTF-8''[A-Za-z0-9%._~!*-]+$/);
    }
    // Nothing on the disk is called by anybody's name.
    expect((await readdir(world.dir)).filter((name) => !/^[0-9a-f-]{36}(\.json|\.webp)?$/.test(name))).toEqual([]);
  });
});
