// Who may read a file, asked anew each time: reliability.md S14, links, ranges, and the end of files.
import { createHmac } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { createManualClock, systemClock } from '@parley/ports';
import type { FileLink } from '@parley/protocol';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { codeOf, LINK_KEY, newId, startWorld, until, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const hello = Buffer.from('hello, this is a file');
const status = async (user: string | null, id: string, what = ''): Promise<number> => (await world.call(user, 'GET', `/api/media/files/${id}${what}`)).status;
const linkOf = async (user: string, id: string): Promise<FileLink> =>
  (await world.call(user, 'GET', `/api/media/files/${id}/link`)).json() as Promise<FileLink>;
const scene = (...floors: number[]) => {
  const room = newId();
  const people = floors.map((floor) => {
    const user = newId();
    world.rooms.join(room, user, floor);
    return user;
  });
  return { room, people };
};

describe('a file', () => {
  test('is its owner’s alone until it hangs on a message, then its room’s', async () => {
    const { room, people } = scene(0, 0);
    const [alice = '', bob = ''] = people;
    const { id } = await world.upload(alice, room, 'a.txt', hello);
    expect([await status(alice, id), await status(bob, id), await status(newId(), id), await status(null, id)]).toEqual([200, 404, 404, 401]);
    await world.post(room, alice, [{ id }]);
    for (const what of ['', '/info', '/link']) {
      expect([await status(alice, id, what), await status(bob, id, what), await status(newId(), id, what), await status(null, id, what)]).toEqual([
        200, 200, 404, 401,
      ]);
    }
    // Sent, it can no longer be given up apart from its message.
    expect((await world.call(alice, 'DELETE', `/api/media/uploads/${id}`)).status).toBe(404);
  });

  test('is seen from the member’s floor on, and no more by who was removed, its owner too', async () => {
    const { room, people } = scene(0, 1);
    const [alice = '', late = ''] = people;
    const [first, second] = [await world.upload(alice, room, '1', hello), await world.upload(alice, room, '2', hello)];
    await world.post(room, alice, [first]);
    await world.post(room, alice, [second]);
    expect([await status(late, first.id), await status(late, second.id)]).toEqual([404, 200]);
    world.rooms.remove(room, late);
    world.rooms.remove(room, alice);
    expect([await status(late, second.id), await status(alice, second.id)]).toEqual([404, 404]);
    world.rooms.join(room, late, 1);
    expect(await status(late, second.id)).toBe(200);
    world.rooms.away = true;
    expect(await status(late, second.id)).toBe(503);
    world.rooms.away = false;
  });

  test('of another room, or of another author, is nobody’s because somebody names it (CVE-2026-4265)', async () => {
    const [theirs, mine] = [scene(0, 0), scene(0)];
    const [victim = '', attackerInside = ''] = theirs.people;
    const [attacker = ''] = mine.people;
    const { id } = await world.upload(victim, theirs.room, 'secret.txt', hello);
    // Named in the attacker's own room; named in the victim's room by somebody else, while it is not sent yet.
    await world.post(mine.room, attacker, [{ id }]);
    await world.post(theirs.room, attackerInside, [{ id }]);
    expect([await status(attacker, id), await status(attackerInside, id), await status(victim, id)]).toEqual([404, 404, 200]);
    await world.post(theirs.room, victim, [{ id }]);
    await world.post(mine.room, attacker, [{ id }]);
    expect([await status(attacker, id), await status(attackerInside, id)]).toEqual([404, 200]);
    // An attacker who takes "their" message back takes nothing of it away.
    await world.delete(mine.room, attacker, 1);
    await world.delete(theirs.room, attackerInside, 1);
    expect(await status(victim, id)).toBe(200);
  });

  test('goes with the last message that it hangs on, bytes and thumbnail, whatever is repeated', async () => {
    const { room, people } = scene(0);
    const [alice = ''] = people;
    const png = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const { id } = await world.upload(alice, room, 'a.png', png);
    await until('the thumbnail', async () => (await world.info(alice, id)).thumbnail === 'ready');
    const first = await world.post(room, alice, [{ id }], 3);
    const second = await world.post(room, alice, [{ id }]);
    const onDisk = async () => (await readdir(world.dir)).filter((name) => name.startsWith(id)).sort();
    expect(await onDisk()).toEqual([id, `${id}.json`, `${id}.webp`].sort());
    await world.delete(room, alice, first);
    expect(await status(alice, id)).toBe(200);
    await world.delete(room, alice, second);
    expect(await status(alice, id)).toBe(404);
    await until('its bytes are gone', async () => (await onDisk()).length === 0);
  });
});

describe('a link', () => {
  test('opens the file and its thumbnail without a token, for its person only as long as they are a member', async () => {
    const { room, people } = scene(0, 0);
    const [alice = '', bob = ''] = people;
    const png = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const { id } = await world.upload(alice, room, 'a.png', png);
    await world.post(room, alice, [{ id }]);
    await until('the thumbnail', async () => (await world.info(bob, id)).thumbnail === 'ready');
    const link = await linkOf(bob, id);
    expect(link.expiresAt - Date.now()).toBeLessThanOrEqual(5 * 60_000);
    expect(link.url).not.toContain('Bearer');
    const open = async (url: string | null) => (await world.call(null, 'GET', url ?? '')).status;
    expect([await open(link.url), await open(link.thumbnail)]).toEqual([200, 200]);
    world.rooms.remove(room, bob);
    expect([await open(link.url), await open(link.thumbnail)]).toEqual([404, 404]);
    expect([await status(alice, id), await status(bob, id, '/link')]).toEqual([200, 404]);
  });

  test('is good for nothing else: not another file, person or time, and not after its time', async () => {
    const { room, people } = scene(0, 0);
    const [alice = '', bob = ''] = people;
    const [one, two] = [await world.upload(alice, room, '1', hello), await world.upload(alice, room, '2', hello)];
    const { url, expiresAt } = await linkOf(alice, one.id);
    const open = async (changed: string) => {
      const answer = await world.call(null, 'GET', changed);
      return answer.status === 200 ? 'ok' : codeOf(answer);
    };
    expect(await open(url)).toBe('ok');
    expect(await open(url.replace(one.id, two.id))).toBe('unauthenticated');
    expect(await open(url.replace(alice, bob))).toBe('unauthenticated');
    expect(await open(url.replace(String(expiresAt), String(expiresAt + 1)))).toBe('unauthenticated');
    expect(await open(url.replace(/s=.*/, 's='))).toBe('unauthenticated');
    expect(await open(`${url}&s=again`)).toBe('invalid');
    const old = String(Date.now() - 1);
    const signed = createHmac('sha256', LINK_KEY).update(`parley-file:${one.id}:${alice}:${old}`).digest('base64url');
    expect(await open(`/api/media/files/${one.id}?u=${alice}&e=${old}&s=${signed}`)).toBe('unauthenticated');
  });
});

describe('ranges', () => {
  test('a part of a file is answered as asked, and what is outside is refused', async () => {
    const { room, people } = scene(0);
    const [alice = ''] = people;
    const { id } = await world.upload(alice, room, 'a', Buffer.from('0123456789'));
    const part = async (range: string, more: Record<string, string> = {}) => {
      const answer = await world.call(alice, 'GET', `/api/media/files/${id}`, { headers: { range, ...more } });
      return [answer.status, answer.headers.get('content-range'), await answer.text()];
    };
    expect(await part('bytes=0-3')).toEqual([206, 'bytes 0-3/10', '0123']);
    expect(await part('bytes=7-')).toEqual([206, 'bytes 7-9/10', '789']);
    expect(await part('bytes=-2')).toEqual([206, 'bytes 8-9/10', '89']);
    expect(await part('bytes=-99')).toEqual([206, 'bytes 0-9/10', '0123456789']);
    expect(await part('bytes=5-999')).toEqual([206, 'bytes 5-9/10', '56789']);
    for (const outside of ['bytes=10-', 'bytes=-0']) expect(await part(outside)).toEqual([416, 'bytes */10', '']);
    for (const whole of ['bytes=3-1', 'lines=1-2', 'bytes=0-1,3-4', 'bytes=-']) expect((await part(whole)).slice(0, 2)).toEqual([200, null]);
    const tag = (await world.call(alice, 'GET', `/api/media/files/${id}`)).headers.get('etag') ?? '';
    expect(await part('bytes=0-0', { 'if-range': tag })).toEqual([206, 'bytes 0-0/10', '0']);
    expect((await part('bytes=0-0', { 'if-range': '"other"' }))[0]).toBe(200);
    expect((await world.call(alice, 'GET', `/api/media/files/${id}`, { headers: { 'if-none-match': tag } })).status).toBe(304);
  });
});

describe('the end', () => {
  let aging: World | null = null;
  afterEach(async () => {
    await aging?.stop();
    aging = null;
  });

  test('an erased person leaves no file, asked once or again', async () => {
    const { room, people } = scene(0, 0);
    const [alice = '', bob = ''] = people;
    const files = [await world.upload(alice, room, '1', hello), await world.upload(alice, room, '2', hello)];
    const kept = await world.upload(bob, room, '3', hello);
    await world.post(room, alice, files);
    await world.begin(alice, room, 'never ended', 9);
    expect(await world.erase(alice)).toBe(true);
    expect(await world.erase(alice)).toBe(true);
    for (const { id } of files) expect(await status(bob, id)).toBe(404);
    expect(await status(bob, kept.id)).toBe(200);
    const ids = new Set((await readdir(world.dir)).map((name) => name.slice(0, 36)));
    for (const { id } of files) expect(ids.has(id)).toBe(false);
  });

  test('uploads that never ended and files that nobody sent are gone after a day; what was sent stays', async () => {
    const manual = createManualClock(systemClock.now());
    aging = await startWorld({ clock: manual });
    const [room, alice] = [newId(), newId()];
    aging.rooms.join(room, alice);
    const sent = await aging.upload(alice, room, 'sent', hello);
    const unsent = await aging.upload(alice, room, 'unsent', hello);
    const never = await aging.begin(alice, room, 'never', 9);
    await aging.post(room, alice, [sent]);
    const { dir } = aging;
    const left = async () => new Set((await readdir(dir)).map((name) => name.slice(0, 36)));
    manual.skew(23 * 3_600_000);
    await manual.advance(60_000);
    expect((await left()).size).toBe(3);
    manual.skew(2 * 3_600_000);
    await manual.advance(60_000);
    await until('they are gone', async () => (await left()).size === 1);
    expect(await left()).toEqual(new Set([sent.id]));
    const read = async (id: string) => (await aging?.call(alice, 'GET', `/api/media/files/${id}`))?.status;
    expect([await read(sent.id), await read(unsent.id), await read(never.split('/').at(-1) ?? '')]).toEqual([200, 404, 404]);
  });
});
