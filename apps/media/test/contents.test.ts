// What a file is called by its bytes, and what a browser is told of it: the corpus of reliability.md S13.
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId, startWorld, until, type World } from './world.ts';

let world: World;
const [room, alice] = [newId(), newId()];
beforeAll(async () => {
  world = await startWorld();
  world.rooms.join(room, alice);
});
afterAll(() => world?.stop());

const picture = (format: 'png' | 'jpeg' | 'webp' | 'gif', width = 800, height = 400): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: { r: 200, g: 40, b: 90 } } })
    .toFormat(format)
    .toBuffer();

/** A PNG whose header says `width` x `height`, with one line of zeros for its data. */
function pngThatSays(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([1, 0, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    // As small as 50,000 lines of nothing become: what a bomb is.
    chunk('IDAT', deflateSync(Buffer.alloc(Math.ceil(width / 8 + 1) * height))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>window.ran = true</script><rect width="9" height="9"/></svg>';
const HTML = '<!doctype html><script>window.ran = true</script>';
const file = (user: string, id: string, what = '') => world.call(user, 'GET', `/api/media/files/${id}${what}`);

describe('bytes that are not what they are called', () => {
  const corpus: readonly (readonly [name: string, bytes: Buffer, type: string])[] = [
    ['script.svg', Buffer.from(SVG), 'text/plain'],
    ['declared.svg', Buffer.from(`<?xml version="1.0"?>${SVG}`), 'application/octet-stream'],
    ['page.png', Buffer.from(HTML), 'text/plain'],
    ['page.html', Buffer.from(HTML), 'text/plain'],
    ['utf16.html', Buffer.from(`\ufeff${HTML}`, 'utf16le'), 'application/octet-stream'],
    ['script.js', Buffer.from('alert(1)'), 'text/plain'],
    ['latin.txt', Buffer.from('caf\xe9', 'latin1'), 'application/octet-stream'],
    ['nul.txt', Buffer.from('a\u0000b'), 'application/octet-stream'],
    ['words.exe', Buffer.from('Grüße 👋\n'), 'text/plain'],
    ['program.png', Buffer.from('MZ\x90\x00'.padEnd(200, '\0'), 'latin1'), 'application/octet-stream'],
    ['paper.txt', Buffer.from('%PDF-1.7\n%âãÏÓ\n'), 'application/pdf'],
  ];
  test.each(corpus)('%s is saved as %s', async (name, bytes, type) => {
    const { id, ...known } = await world.upload(alice, room, name, bytes);
    expect(known).toMatchObject({ type, thumbnail: 'none', width: null });
    const answer = await file(alice, id);
    expect(
      Object.fromEntries(
        ['content-type', 'content-disposition', 'x-content-type-options', 'content-security-policy', 'cache-control'].map((header) => [
          header,
          answer.headers.get(header),
        ]),
      ),
    ).toEqual({
      'content-type': type === 'text/plain' ? 'text/plain; charset=utf-8' : type,
      'content-disposition': `attachment; filename="${name}"; filename*=UTF-8''${name}`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      'cache-control': 'private, no-cache',
    });
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    expect((await file(alice, id, '/thumb')).status).toBe(404);
  });

  test('a picture that is a page as well is served as the picture, in a sandbox, and its thumbnail holds nothing of the page', async () => {
    const polyglot = Buffer.concat([await picture('gif', 40, 20), Buffer.from(HTML)]);
    const { id, type } = await world.upload(alice, room, 'both.html', polyglot);
    expect(type).toBe('image/gif');
    const { headers } = await file(alice, id);
    expect([headers.get('content-type'), headers.get('x-content-type-options'), headers.get('content-security-policy')]).toEqual([
      'image/gif',
      'nosniff',
      "sandbox; default-src 'none'",
    ]);
    await until('the thumbnail', async () => (await world.info(alice, id)).thumbnail === 'ready');
    expect(Buffer.from(await (await file(alice, id, '/thumb')).arrayBuffer()).includes('script')).toBe(false);
  });
});

describe('pictures', () => {
  test.each(['png', 'jpeg', 'gif', 'webp'] as const)('%s is shown in place, with its size and a thumbnail', async (format) => {
    const { id, ...known } = await world.upload(alice, room, 'any name', await picture(format));
    expect(known).toMatchObject({ type: `image/${format}`, width: 800, height: 400 });
    const { headers } = await file(alice, id);
    expect([headers.get('content-type'), headers.get('content-disposition')?.split(';')[0]]).toEqual([`image/${format}`, 'inline']);
    await until('the thumbnail', async () => (await world.info(alice, id)).thumbnail === 'ready');
    const thumb = await file(alice, id, '/thumb');
    expect([thumb.headers.get('content-type'), thumb.headers.get('content-security-policy')]).toEqual(['image/webp', "sandbox; default-src 'none'"]);
    expect(await sharp(Buffer.from(await thumb.arrayBuffer())).metadata()).toMatchObject({ format: 'webp', width: 512, height: 256 });
  });

  test('a thumbnail is turned the right way up and tells nothing of the place and the camera', async () => {
    const turned = await sharp(await picture('jpeg', 80, 40))
      .withMetadata({ orientation: 6 })
      .withExifMerge({ IFD0: { Copyright: 'secret person' }, IFD3: { GPSLatitude: '52/1 30/1 0/1' } })
      .toBuffer();
    expect(turned.includes('secret person')).toBe(true);
    const { id, width, height } = await world.upload(alice, room, 'a.jpg', turned);
    expect([width, height]).toEqual([40, 80]);
    await until('the thumbnail', async () => (await world.info(alice, id)).thumbnail === 'ready');
    const thumb = Buffer.from(await (await file(alice, id, '/thumb')).arrayBuffer());
    expect(thumb.includes('secret person')).toBe(false);
    const drawn = await sharp(thumb).metadata();
    expect([drawn.width, drawn.height, drawn.exif]).toEqual([40, 80, undefined]);
  });

  test('of an animation the first frame is drawn', async () => {
    const frame = (background: string) => ({ create: { width: 20, height: 10, channels: 3 as const, background } });
    const frames = await Promise.all(['red', 'blue'].map((color) => sharp(frame(color)).png().toBuffer()));
    const animated = await sharp(frames, { join: { animated: true } })
      .gif({ delay: [100, 100] })
      .toBuffer();
    const { id, height } = await world.upload(alice, room, 'a.gif', animated);
    expect(height).toBe(10);
    await until('the thumbnail', async () => (await world.info(alice, id)).thumbnail === 'ready');
    const { dominant } = await sharp(Buffer.from(await (await file(alice, id, '/thumb')).arrayBuffer())).stats();
    expect(dominant.r).toBeGreaterThan(200);
  });

  test('one that is broken, or larger than can be drawn, stays as a file; its job is parked with the reason', async () => {
    const whole = await picture('png', 600, 600);
    const bomb = pngThatSays(50_000, 50_000);
    expect(bomb.length).toBeLessThan(1_000_000);
    const [broken, huge] = [
      await world.upload(alice, room, 'broken.png', whole.subarray(0, whole.length >> 1)),
      await world.upload(alice, room, 'bomb.png', bomb),
    ];
    expect(huge).toMatchObject({ type: 'image/png', width: 50_000, height: 50_000 });
    const before = process.memoryUsage().rss;
    for (const { id } of [broken, huge]) await until('the end of its tries', async () => (await world.info(alice, id)).thumbnail === 'failed');
    expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000);
    const parked = await world.queue.parked('media.thumbnail', 10);
    expect(new Map(parked.map(({ id, reason }) => [id, reason]))).toEqual(
      new Map([
        [broken.id, expect.stringMatching(/\w/)],
        [huge.id, expect.stringContaining('pixel limit')],
      ]),
    );
    expect((await file(alice, broken.id)).status).toBe(200);
    expect((await file(alice, broken.id, '/thumb')).status).toBe(404);
  });
});
