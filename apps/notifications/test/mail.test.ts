// Stories of mail, with a real SMTP server: an address is confirmed first, letters collect, and one click ends them.
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Someone } from './messages-stand-in.ts';
import { startWorld, type World } from './world.ts';

interface Letter {
  readonly to: string[];
  readonly source: string;
}

let world: World;
let smtp: SMTPServer;
let letters: Letter[];
let refusals: number[];
let ada: Someone;
let bob: Someone;
let group: string;

beforeEach(async () => {
  letters = [];
  refusals = [];
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const responseCode = refusals.shift();
        if (responseCode !== undefined) return done(Object.assign(new Error('not now'), { responseCode }));
        letters.push({ to: session.envelope.rcptTo.map((one) => one.address), source: Buffer.concat(chunks).toString() });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  const { port } = smtp.server.address() as AddressInfo;
  world = await startWorld({ smtpUrl: `smtp://127.0.0.1:${port}`, mailDelayMs: 60_000 });
  [ada, bob] = [world.said.person('ada'), world.said.person('bob')];
  group = await world.said.room('group', 'Garden <b>', [ada, bob]);
});
afterEach(async () => {
  await world.stop();
  await new Promise<void>((resolve) => smtp.close(() => resolve()));
});

/** Quoted-printable undone. */
const words = (letter: Letter | undefined): string =>
  (letter?.source ?? '').replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
const linkOf = (letter: Letter | undefined, what: 'confirm' | 'unsubscribe'): string =>
  new RegExp(`https://chat\\.example\\.org(/api/notifications/${what}\\?token=[^\\s">]+)`).exec(words(letter))?.[1] ?? '';
const mailed = (count: number): Promise<void> => world.until(`${count} letters`, () => letters.length === count);
const confirm = async (who: Someone, address: string): Promise<void> => {
  const before = letters.length;
  expect((await world.as(who)('PUT', '/api/notifications/address', { address })).body).toMatchObject({ address, confirmed: false });
  await mailed(before + 1);
  expect((await world.visit('GET', linkOf(letters.at(-1), 'confirm'))).status).toBe(200);
};

describe('letters', () => {
  it('go to a confirmed address, all that waits in one, and what was read meanwhile is left out', async () => {
    await confirm(bob, 'bob@example.org');
    await world.said.post(group, ada, '@bob first');
    const read = await world.said.post(group, ada, '@bob second');
    await world.said.post(group, ada, '@bob <script>third</script> &');
    world.said.read(bob, group, read);
    world.said.read(bob, group, 0);
    const deleted = await world.said.post(group, ada, '@bob fourth');
    await world.said.say(group, ada, 'message.deleted', { target: deleted, targetAuthor: ada.id });
    await mailed(2);
    const letter = words(letters[1]);
    expect(letters[1]?.to).toEqual(['bob@example.org']);
    expect(letter).toContain('Subject: 3 messages wait for you in Parley');
    expect(letter).toContain(`https://chat.example.org/r/${group}`);
    expect(letter).toContain('ADA: @bob first');
    expect(letter).toContain('<b>ADA</b>: @bob &lt;script&gt;third&lt;/script&gt; &amp;');
    expect(letter).toContain('Garden &lt;b&gt;');
    expect(letter).not.toContain('fourth');
    expect(letter).toContain('List-Unsubscribe-Post: List-Unsubscribe=One-Click');
    await world.said.post(group, ada, '@bob another day');
    await mailed(3);
    expect(words(letters[2])).toContain('Subject: ADA wrote to you in Garden');
  });

  it('are written once although every job is handed to two workers at once, also after they were put off', async () => {
    await confirm(bob, 'bob@example.org');
    world.doubled = true;
    await world.online(bob);
    const seq = await world.said.post(group, ada, '@bob');
    await world.until('put off', async () => (await world.query('SELECT 1 FROM digest WHERE again_ms > 0')).length === 1);
    expect(await world.query("SELECT 1 FROM outbox WHERE queue = 'notification.digest'")).toHaveLength(1);
    await world.presence.drop('worker', null);
    await world.until('told', async () => (await world.fate(bob, seq))?.mail === 'told');
    await world.until('nothing is left', async () => (await world.query('SELECT 1 FROM outbox')).length === 0);
    expect(letters).toHaveLength(2);
  });

  it('are not sent to who has read all, is here, or was removed', async () => {
    await confirm(bob, 'bob@example.org');
    const seq = await world.said.post(group, ada, '@bob');
    world.said.read(bob, group, seq);
    await world.until('dropped', async () => (await world.fate(bob, seq))?.mail === 'dropped');
    await world.online(bob);
    const here = await world.said.post(group, ada, '@bob');
    await world.until('put off', async () => (await world.query("SELECT 1 FROM digest WHERE state = 'waiting'")).length === 1);
    await world.said.say(group, ada, 'member.removed', { user: bob.id });
    await world.presence.drop('worker', null);
    await world.until('dropped too', async () => (await world.fate(bob, here))?.mail === 'dropped');
    expect(letters).toHaveLength(1);
  });

  it('go again under the same id when the server is away, and not when it refuses', async () => {
    await confirm(bob, 'bob@example.org');
    refusals.push(451);
    const seq = await world.said.post(group, ada, '@bob');
    await mailed(2);
    await world.until('told', async () => (await world.fate(bob, seq))?.mail === 'told');
    const [digest] = await world.query<{ id: string; state: string }>('SELECT id, state FROM digest');
    expect(letters[1]?.source).toContain(`Message-ID: <${digest?.id}@example.org>`);
    refusals.push(550);
    const refused = await world.said.post(group, ada, '@bob');
    await world.until('dropped', async () => (await world.fate(bob, refused))?.mail === 'dropped');
    expect(letters).toHaveLength(2);
  });

  it('end by one click of the link, with or without a page', async () => {
    await confirm(bob, 'bob@example.org');
    await world.said.post(group, ada, '@bob');
    await mailed(2);
    const link = linkOf(letters[1], 'unsubscribe');
    expect((await world.visit('GET', link)).text).toContain('<form method="post">');
    expect((await world.as(bob)('GET', '/api/notifications/preferences')).body).toMatchObject({ mail: true, confirmed: true });
    expect((await world.visit('POST', link, 'List-Unsubscribe=One-Click')).status).toBe(200);
    expect((await world.as(bob)('GET', '/api/notifications/preferences')).body).toMatchObject({ mail: false });
    const after = await world.said.post(group, ada, '@bob');
    await world.settled();
    expect(await world.fate(bob, after)).toBeNull();
  });
});

describe('an address', () => {
  it('is nobody’s before its link was followed, and a link is good for one purpose, one address and one day', async () => {
    await world.as(bob)('PUT', '/api/notifications/address', { address: 'bob@example.org' });
    await mailed(1);
    const link = linkOf(letters[0], 'confirm');
    expect((await world.visit('POST', link.replace('confirm', 'unsubscribe'), '')).status).toBe(400);
    expect((await world.visit('GET', `${link}x`)).status).toBe(400);
    const seq = await world.said.post(group, ada, '@bob');
    await world.settled();
    expect(await world.fate(bob, seq)).toBeNull();
    expect((await world.as(bob)('PUT', '/api/notifications/address', { address: 'other@example.org' })).body.error.code).toBe('slow_down');
    await world.clock.advance(61_000);
    await world.as(bob)('PUT', '/api/notifications/address', { address: 'other@example.org' });
    expect((await world.visit('GET', link)).status).toBe(400);
    world.clock.skew(25 * 3_600_000);
    await mailed(2);
    expect((await world.visit('GET', linkOf(letters[1], 'confirm'))).status).toBe(400);
  });

  it('must be one address and nothing else', async () => {
    for (const address of ['a@b.c, d@e.f', 'a@b.c\r\nBcc: d@e.f', '"x" <a@b.c>', 'a b@c.d', '@b.c', 'a@b'])
      expect((await world.as(bob)('PUT', '/api/notifications/address', { address })).body.error.code).toBe('invalid');
    expect(letters).toEqual([]);
  });
});
