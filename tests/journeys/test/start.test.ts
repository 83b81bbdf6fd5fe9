// `npm start` as an operator meets it: the first line, the first account, a restart, a kill, a second start, wrong settings.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createParley } from '@parley/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Program, program } from '../src/program.ts';

let folder: string;
let data: string;
let running: Program[] = [];

const start = (env: Record<string, string> = {}): Program => {
  const started = program(['start'], { PORT: '0', PARLEY_DATA: data, ...env });
  running.push(started);
  return started;
};
const urlOf = async (started: Program): Promise<string> => (await started.prints(/ready: (\S+)/))[1] ?? '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-start-'));
  data = join(folder, 'data');
});
afterEach(async () => {
  for (const { child, ended } of running) {
    child.kill('SIGKILL');
    await ended;
  }
  running = [];
  // A killed program's Postgres may still be ending.
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
});

describe('npm start', () => {
  it('says in its first line where to go, and answers there', async () => {
    const url = await urlOf(start());
    expect(new URL(url).hostname).toBe('127.0.0.1');
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    expect((await stat(data)).mode & 0o077).toBe(0);
  });

  it('keeps everything over kill -9 and a restart', async () => {
    const first = start();
    const url = await urlOf(first);
    const ann = createParley({ url });
    await ann.register({ handle: 'ann', password: 'correct horse' });
    const { room } = await ann.createRoom({ kind: 'channel', name: 'kept', visibility: 'public' });
    await ann.connect();
    const said = await ann.room(room).send('before the kill');
    await ann.close();
    first.child.kill('SIGKILL');
    await first.ended;
    const again = createParley({ url: await urlOf(start({ HOST: '127.0.0.1' })) });
    await again.login({ handle: 'ann', password: 'correct horse' });
    const page = (await again.call('GET', `/api/rooms/${room}/messages`)) as { messages: { seq: number; text: string }[] };
    await again.close();
    expect(page.messages).toMatchObject([{ seq: said.seq, text: 'before the kill' }]);
  });

  it('refuses a second start on the same folder, by name', async () => {
    const first = start();
    await urlOf(first);
    const second = start();
    expect(await second.ended).toBe(1);
    expect(second.stderr()).toMatch(new RegExp(`${first.child.pid}`));
    expect(second.stderr()).not.toMatch(/\n\s+at /);
  });

  it('names every wrong setting at once and starts nothing', async () => {
    const wrong = start({ PORT: 'eighty', PARLEY_REGISTRATION: 'maybe', PARLEY_LOG_LEVEL: 'loud' });
    expect(await wrong.ended).toBe(1);
    for (const name of ['PORT', 'PARLEY_REGISTRATION', 'PARLEY_LOG_LEVEL']) expect(wrong.stderr()).toContain(name);
    expect(wrong.stderr()).toContain('It must be one of: open, invite.');
    expect(wrong.stderr()).not.toMatch(/\n\s+at /);
    await expect(stat(data)).rejects.toThrow();
  });

  it('asks the first account for the printed code when others can reach it', async () => {
    const open = start({ HOST: '0.0.0.0' });
    const code = (await open.prints(/needs this code: (\S+)/))[1] ?? '';
    const url = await urlOf(open);
    // The address of a start without an owner: a browser keeps its session for it.
    expect(new URL(url).hostname).toBe('127.0.0.1');
    const stranger = createParley({ url });
    await expect(stranger.register({ handle: 'mallory', password: 'correct horse' })).rejects.toMatchObject({ code: 'setup_code_required' });
    const tokens = await stranger.register({ handle: 'ann', password: 'correct horse', setupCode: code });
    await stranger.close();
    expect(tokens.role).toBe('owner');
  });

  it('makes exactly one owner, whoever races', async () => {
    const url = await urlOf(start());
    const answers = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const parley = createParley({ url });
        const tokens = await parley.register({ handle: `racer-${i}`, password: 'correct horse' });
        await parley.close();
        return tokens.role;
      }),
    );
    expect(answers.filter((role) => role === 'owner')).toHaveLength(1);
  });

  it('ends at SIGTERM with code 0 and leaves no Postgres behind', async () => {
    const started = start();
    await urlOf(started);
    started.child.kill('SIGTERM');
    expect(await started.ended).toBe(0);
    await expect(stat(join(data, 'pg', 'postmaster.pid'))).rejects.toThrow();
  });

  it('takes a Ctrl-C that reaches it twice, from the terminal and handed on, as one', async () => {
    const started = start();
    await urlOf(started);
    started.child.kill('SIGINT');
    started.child.kill('SIGTERM');
    expect(await started.ended).toBe(0);
    await expect(stat(join(data, 'pg', 'postmaster.pid'))).rejects.toThrow();
  });
});
