// The `parley` commands as an operator types them: import, demo, doctor, and what they say when they cannot.
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { visitLog } from '@parley/cli';
import { TOPICS } from '@parley/protocol';
import { createParley, type Parley } from '@parley/sdk';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Program, program } from '../src/program.ts';

const FIXTURES = fileURLToPath(new URL('../../../apps/parley/fixtures/irc/', import.meta.url));
let folder: string;
let running: Program[];
let clients: Parley[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-commands-'));
  running = [];
  clients = [];
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  for (const { child, ended } of running) {
    child.kill('SIGKILL');
    await ended;
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
});

const run = (args: readonly string[], env: Record<string, string> = {}): Program => {
  const started = program(args, { PARLEY_DATA: join(folder, 'data'), ...env });
  running.push(started);
  return started;
};

async function owner(): Promise<{ url: string; ann: Parley }> {
  const url = (await run(['start'], { PORT: '0' }).prints(/ready: (\S+)/))[1] ?? '';
  const ann = createParley({ url });
  clients.push(ann);
  await ann.register({ handle: 'ann', password: 'correct horse' });
  return { url, ann };
}

interface Imported {
  imported: { room: string; messages: number; committed: number; people: number; replies: number; skippedLines: number }[];
}
interface Page {
  messages: { seq: number; text: string; time: number; replyTo: number | null; author: string }[];
}

describe('parley import irc', () => {
  const importFile = async (file: string, url: string): Promise<{ code: number | string; out: Imported; err: string }> => {
    const command = run(['import', 'irc', file, '--url', url, '--as', 'ann', '--json'], { PARLEY_PASSWORD: 'correct horse' });
    const code = await command.ended;
    return { code, out: JSON.parse(command.stdout() || '{"imported":[]}') as Imported, err: command.stderr() };
  };

  it('makes a room with the log’s people, times and reply links, once however often it is run', async () => {
    const { url, ann } = await owner();
    const first = await importFile(`${FIXTURES}2009-02-23.raw.txt`, url);
    expect(first.err).toBe('');
    const [one] = first.out.imported;
    expect(one).toMatchObject({ committed: one?.messages });
    expect(one).not.toHaveProperty('reason');
    expect(one?.messages).toBeGreaterThan(50);
    expect(one?.replies).toBeGreaterThan(0);
    const read = async (): Promise<Page> => (await ann.call('GET', `/api/rooms/${one?.room}/messages?limit=200`)) as Page;
    const page = await read();
    expect(page.messages).toHaveLength(one?.messages ?? -1);
    expect(page.messages.filter((message) => message.replyTo !== null)).toHaveLength(one?.replies ?? -1);
    for (const { seq, replyTo } of page.messages)
      if (replyTo !== null) expect(page.messages.some((target) => target.seq === replyTo && target.seq < seq)).toBe(true);
    expect(new Date(page.messages[0]?.time ?? 0).toISOString()).toMatch(/^2009-02-23T/);
    expect(page.messages.map(({ time }) => time)).toEqual(page.messages.map(({ time }) => time).sort((a, b) => a - b));
    expect(new Set(page.messages.map(({ author }) => author)).size).toBe(one?.people);
    const second = await importFile(`${FIXTURES}2009-02-23.raw.txt`, url);
    expect(second.out.imported[0]).toMatchObject({ room: one?.room, committed: one?.messages });
    expect(await read()).toEqual(page);
  });

  it('takes what it can of a broken file, says what it left out, and the people it makes cannot sign in', async () => {
    const { url } = await owner();
    const file = join(folder, 'broken.raw.txt');
    await writeFile(
      file,
      Buffer.concat([
        Buffer.from('[12:59] <\xe9ric> caf\xe9 \xff\xfe ouvert\n[13:01] <bob> fine\n[13:', 'latin1'),
        Buffer.from([0, 1, 2, 10]),
        Buffer.from('[01:00] <b'),
      ]),
    );
    const { code, out } = await importFile(file, url);
    expect(code).toBe(0);
    expect(out.imported[0]).toMatchObject({ messages: 2, committed: 2, skippedLines: 2 });
    const thief = createParley({ url });
    clients.push(thief);
    await expect(thief.login({ handle: 'irc.bob', password: '' })).rejects.toMatchObject({ code: 'invalid' });
    await expect(thief.login({ handle: 'irc.bob', password: 'password' })).rejects.toMatchObject({ code: 'invalid_credentials' });
  });

  it('is the owner’s: others are refused, with words and no stack', async () => {
    const { url } = await owner();
    const bob = createParley({ url });
    clients.push(bob);
    await bob.register({ handle: 'bob', password: 'correct horse' });
    await copyFile(`${FIXTURES}2005-08-08.raw.txt`, join(folder, 'a.raw.txt'));
    const refused = run(['import', 'irc', join(folder, 'a.raw.txt'), '--url', url, '--as', 'bob'], { PARLEY_PASSWORD: 'correct horse' });
    expect(await refused.ended).toBe(1);
    expect(refused.stderr()).toContain('(forbidden)');
    expect(refused.stderr()).not.toMatch(/\n\s+at /);
    const missing = run(['import', 'irc', join(folder, 'nothing.txt'), '--url', url, '--as', 'ann'], { PARLEY_PASSWORD: 'correct horse' });
    expect(await missing.ended).toBe(1);
    expect(missing.stderr()).toMatch(/Not found/);
  });
});

describe('parley demo', () => {
  it('has people to sign in as, a room with history, and a bot that answers', async () => {
    const demo = run(['demo'], { PORT: '0' });
    const url = (await demo.prints(/demo is ready: (\S+)/))[1] ?? '';
    const alice = createParley({ url });
    clients.push(alice);
    await alice.login({ handle: 'alice', password: 'alice-parley' });
    await alice.connect();
    const [echo] = await alice.people.search('echo');
    const { room } = await alice.openDirect(echo?.id ?? '');
    await alice.room(room).open();
    await alice.room(room).send('is anybody there?');
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (alice.state.rooms.get(room)?.messages.some((message) => message.text === 'You said: is anybody there?')) resolve();
      };
      alice.subscribe(look);
      look();
    });
    const rooms = await alice.publicRooms();
    expect(rooms.map(({ name }) => name)).toEqual(expect.arrayContaining(['welcome', 'launch', '2005-08-08', '2009-02-23']));
  });

  it('is refused in production', async () => {
    const refused = run(['demo'], { PORT: '0', NODE_ENV: 'production' });
    expect(await refused.ended).toBe(1);
    expect(refused.stderr()).toContain('production');
  });
});

describe('parley log', () => {
  it('shows what could not be decided, never what is in it, and puts it back once, whether the server runs or not', async () => {
    const dataDir = join(folder, 'data');
    const server = run(['start'], { PORT: '0' });
    await server.prints(/ready: (\S+)/);
    const secret = 'nobody can decide this';
    const garbage = { partition: 0, key: 'nobody', value: new TextEncoder().encode(secret) };
    await visitLog({ brokers: null, topicPrefix: '', dataDir }, (log) => log.append(TOPICS.roomCommand, [garbage]));
    const dead = async (): Promise<{ topic: string; partition: number; offset: number; bytes: number }[]> => {
      const command = run(['log', 'dead', '--json']);
      expect([await command.ended, command.stderr()]).toEqual([0, '']);
      expect(command.stdout()).not.toContain(secret);
      return (JSON.parse(command.stdout()) as { letters: Awaited<ReturnType<typeof dead>> }).letters;
    };
    const one = [{ topic: TOPICS.roomCommand, partition: 0, bytes: secret.length }];
    await vi.waitFor(async () => expect(await dead()).toMatchObject(one), { timeout: 30_000 });
    const [first] = await dead();
    server.child.kill('SIGTERM');
    await server.ended;
    const listed = run(['log', 'dead']);
    expect(await listed.ended).toBe(0);
    expect(listed.stdout()).toMatch(/room\.command\/0@\d+ .*\n1 dead\./);
    const replay = run(['log', 'replay-dead', '--json']);
    expect([await replay.ended, replay.stdout().trim()]).toEqual([0, '{"replayed":1}']);
    expect(await dead()).toEqual([]);
    // It is in the log again: whoever decides meets it once more.
    await run(['start'], { PORT: '0' }).prints(/ready: (\S+)/);
    await vi.waitFor(async () => expect(await dead()).toMatchObject(one), { timeout: 30_000 });
    expect((await dead())[0]?.offset).toBeGreaterThan(first?.offset ?? Number.POSITIVE_INFINITY);
    const again = run(['log', 'replay-dead']);
    expect(await again.ended).toBe(0);
    expect(again.stdout()).toContain('1 put back.');
  }, 120_000);

  it('says where it looked when there is no Parley', async () => {
    const lost = run(['log', 'dead'], { PARLEY_DATA: join(folder, 'nowhere') });
    expect(await lost.ended).toBe(1);
    expect(lost.stderr()).toContain('nowhere');
    expect(lost.stderr()).not.toMatch(/\n\s+at /);
  });
});

describe('parley doctor', () => {
  it('finds nothing wrong here, and asks a running Parley how it is', async () => {
    const { url } = await owner();
    const well = run(['doctor', '--json', '--url', url], { PORT: '0' });
    const code = await well.ended;
    const report = JSON.parse(well.stdout()) as { ok: boolean; findings: { what: string; ok: boolean; said: string }[] };
    expect(report.findings.filter((finding) => !finding.ok)).toEqual([]);
    expect(code).toBe(0);
  });

  it('names every thing that is wrong, and ends with 1', async () => {
    const ill = run(['doctor', '--json', '--url', 'http://127.0.0.1:1'], { PORT: 'eighty' });
    expect(await ill.ended).toBe(1);
    const report = JSON.parse(ill.stdout()) as { findings: { what: string; ok: boolean; said: string }[] };
    const wrong = report.findings.filter((finding) => !finding.ok).map((finding) => finding.what);
    expect(wrong).toEqual(expect.arrayContaining(['settings', 'running Parley']));
  });

  it('does not call a port wrong that a running Parley has', async () => {
    const { url } = await owner();
    const well = run(['doctor', '--json', '--url', url], { PORT: new URL(url).port });
    expect(await well.ended).toBe(0);
    expect(well.stdout()).toContain('is taken by a Parley that runs');
  });
});

it.each([
  ["option '--speed <n>' argument 'fast' is invalid. It must be a number above 0", ['replay', 'irc', 'x', '--speed', 'fast']],
  ["option '--url <url>' argument 'nonsense' is invalid. It must be an address", ['doctor', '--url', 'nonsense']],
  ['Nothing answers there', ['replay', 'irc', `${FIXTURES}2009-02-23.raw.txt`, '--url', 'http://127.0.0.1:1']],
  ['There is no message in these files', ['replay', 'irc', fileURLToPath(import.meta.url)]],
  ['A file is wanted, and this is a folder', ['replay', 'irc', FIXTURES]],
])('says %j to an operator’s mistake, and shows no stack', async (said, args) => {
  const wrong = run(args);
  expect(await wrong.ended).toBe(1);
  expect(wrong.stderr()).toContain(said);
  expect(wrong.stderr()).not.toMatch(/\n\s+at /);
});
