// Files between people, over the wire: a network that cuts uploads, what the other gets, and who gets nothing.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, type Person, type World } from '../src/index.ts';

let world: World;
let ann: Person;
let ben: Person;
let room: string;

/** Cuts every second piece of an upload after a part of it is on its way. */
function cuttingFetch(cuts: { count: number }): typeof fetch {
  let pieces = 0;
  return (input, init) => {
    if (init?.method !== 'PATCH' || !(init.body instanceof Blob) || pieces++ % 2 === 1) return fetch(input, init);
    cuts.count++;
    const whole = init.body;
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(new Uint8Array(await whole.slice(0, whole.size >> 1).arrayBuffer()));
      },
    });
    const cut = AbortSignal.timeout(150);
    return fetch(input, { ...init, body, duplex: 'half', signal: AbortSignal.any([cut, ...(init.signal ? [init.signal] : [])]) } as RequestInit);
  };
}

const bytesAt = async (url: string): Promise<Buffer | number> => {
  const answer = await fetch(url);
  return answer.ok ? Buffer.from(await answer.arrayBuffer()) : answer.status;
};

const cuts = { count: 0 };
beforeAll(async () => {
  world = await openWorld();
  ann = await world.person('Ann', { fetch: cuttingFetch(cuts) });
  ben = await world.person('Ben');
  room = await world.channel(ann, [ben]);
});
afterAll(() => world?.close());

describe('a file', () => {
  it('gets there over a network that cuts, goes with a message without words, and is what was sent', { timeout: 60_000 }, async () => {
    const bytes = randomBytes(2_500_000);
    const progress: number[] = [];
    const attachment = await ann.parley.upload(room, new Blob([bytes]), { name: '../notes.bin', onProgress: (sent) => progress.push(sent) });
    expect(cuts.count).toBeGreaterThan(0);
    expect(attachment).toEqual({ id: attachment.id, name: 'notes.bin', type: 'application/octet-stream', bytes: bytes.length });
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect([progress[0], progress.at(-1)]).toEqual([0, bytes.length]);
    const { seq = 0 } = await ann.parley.room(room).send('', { attachments: [attachment] });
    const shown = () => ben.roomState(room).messages.find((message) => message.seq === seq);
    await ben.sees('the file', () => shown() !== undefined);
    expect(shown()).toMatchObject({ text: '', attachments: [attachment] });
    // Media hears of the message a moment after the room does.
    await expect.poll(() => ben.parley.fileUrl(attachment.id).catch(() => null)).not.toBeNull();
    const { url, thumbnail } = await ben.parley.fileUrl(attachment.id);
    expect(thumbnail).toBeNull();
    expect(bytes.equals((await bytesAt(url)) as Buffer)).toBe(true);
    // A device that comes later is told the same.
    const phone = await world.device(ben);
    await phone.parley.room(room).open();
    expect(phone.roomState(room).messages).toEqual(ben.roomState(room).messages);
  });

  it('is closed to who was removed, with a link of before too, and gone with its message', { timeout: 60_000 }, async () => {
    const cora = await world.person('Cora');
    const dan = await world.person('Dan');
    await ann.parley.room(room).add([cora.user]);
    const words = new Blob(['only for members']);
    const attachment = await ben.parley.upload(room, words, { name: 'secret.txt' });
    const { seq = 0 } = await ben.parley.room(room).send('look', { attachments: [attachment] });
    await expect.poll(() => cora.parley.fileUrl(attachment.id).catch(() => null)).not.toBeNull();
    const { url } = await cora.parley.fileUrl(attachment.id);
    expect(await bytesAt(url)).toEqual(Buffer.from('only for members'));
    // Somebody of another room names it there: it is not theirs for that.
    const elsewhere = await world.channel(dan, []);
    await dan.parley.room(elsewhere).send('mine?', { attachments: [attachment] });
    await ann.parley.room(room).remove(cora.user);
    expect(await bytesAt(url)).toBe(404);
    await expect(cora.parley.call('GET', `/api/media/files/${attachment.id}/info`)).rejects.toMatchObject({ code: 'not_found' });
    await expect(dan.parley.fileUrl(attachment.id)).rejects.toMatchObject({ code: 'not_found' });
    await expect(dan.parley.upload(room, words, { name: 'x' })).rejects.toMatchObject({ code: 'not_found' });
    const own = await ann.parley.fileUrl(attachment.id);
    await ben.parley.room(room).delete(seq);
    await expect.poll(() => bytesAt(own.url)).toBe(404);
    await ann.sees('the deletion', () => ann.roomState(room).messages.some((message) => message.seq === seq && message.deleted));
    expect(ann.roomState(room).messages.find((message) => message.seq === seq)).not.toHaveProperty('attachments');
  });

  it('that is given up on the way leaves nothing', async () => {
    const abort = new AbortController();
    const uploading = ben.parley.upload(room, new Blob([randomBytes(3_000_000)]), {
      name: 'never.bin',
      signal: abort.signal,
      onProgress: (sent) => sent > 0 && abort.abort(),
    });
    await expect(uploading).rejects.toThrow();
  });

  it('leaves the log as the checker wants it', async () => {
    expect((await world.judge(ann, [room], [ann, ben])).violations).toEqual([]);
  });
});
