// The load kit against a real Parley: short runs pass, each planted fault breaks its own count, and what must be refused is.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startParley } from '@parley/cli';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeFile } from './rhythm/judge.ts';
import { k6, runK6 } from './testing/run-k6.ts';
import { startTamperingProxy, type Tamper } from './testing/tampering-proxy.ts';

const here = dirname(fileURLToPath(import.meta.url));

describe.skipIf(k6 === undefined)('the load kit, with k6 (bash infra/install-test-tools.sh)', () => {
  let folder: string;
  let parley: Awaited<ReturnType<typeof startParley>>;
  let env: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-load-'));
    parley = await startParley({ dataDir: join(folder, 'data') });
    const ask = async (path: string, body: object, headers: Record<string, string> = {}): Promise<Record<string, string>> => {
      const response = await fetch(`${parley.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
      return (await response.json()) as Record<string, string>;
    };
    const owner = await ask('/api/accounts/register', { handle: 'owner', password: 'a-long-password' });
    const { key } = await ask('/api/load-keys', {}, { authorization: `Bearer ${owner.accessToken}` });
    env = { PARLEY_URL: parley.url, PARLEY_LOAD_KEY: key ?? '' };
  });

  afterAll(async () => {
    await parley?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('brings everybody back from a storm, talks in many rooms, and replays a real day that the checker finds whole', async () => {
    const history = join(folder, 'history.ndjson');
    const [storm, rooms, day] = await Promise.all([
      runK6('reconnect-storm', { ...env, PEOPLE: '20', DEVICES: '2', ROOMS: '4', EVERY: '5', STORMS: '1', RATE: '8' }),
      runK6('many-rooms', { ...env, ROOMS: '12', MEMBERS: '4', ROOMS_EACH: '4', RATE: '10', DURATION: '5' }),
      runK6('real-day', { ...env, LINES: '60', SPEED: '200', HISTORY: 'yes' }, ['--log-format', 'raw', '--console-output', history]),
    ]);
    for (const { report, text } of [storm, rooms, day]) expect(report, text).toMatchObject({ verdict: 'passed', why: [] });
    expect(storm.report?.counts).toMatchObject({ cut: 36, reconnected: 36, away: 0, lost: 0 });
    expect(storm.report?.trends.complete_ms?.count).toBe(36);
    expect(rooms.report?.counts.delivered).toBe((rooms.report?.counts.sent ?? 0) * 4);
    const judged = await judgeFile(history);
    expect(judged.violations).toEqual([]);
    expect(judged.counts).toMatchObject({ messages: 60, lost: 0 });
    expect(judged.counts.delivered).toBe(day.report?.counts.delivered);
  }, 120_000);

  it('fails on one lost, doubled or reordered event at one socket, and says which it was', async () => {
    const held: string[] = [];
    const faults: Record<string, Tamper> = {
      passed_over: (frame, index) => (index === 3 ? [] : [frame]),
      // Ten lines are said; nothing comes after the last.
      tail: (frame, index) => (index >= 9 ? [] : [frame]),
      doubled: (frame, index) => (index === 3 ? [frame, frame] : [frame]),
      reordered: (frame, index) => {
        if (index === 3) held.push(frame);
        return index === 3 ? [] : [frame, ...held.splice(0)];
      },
    };
    const outcomes = await Promise.all(
      Object.entries(faults).map(async ([name, tamper]) => {
        const proxy = await startTamperingProxy(parley.url, tamper);
        try {
          const { code, report } = await runK6('smoke', { ...env, PARLEY_URL: proxy.url, PEOPLE: '2', LINES: '5', SETTLE: '4' });
          const { lost, gaps, doubled, reordered } = report?.counts ?? {};
          return [name, { code, verdict: report?.verdict, lost, gaps, doubled, reordered }] as const;
        } finally {
          await proxy.close();
        }
      }),
    );
    const failed = { code: 99, verdict: 'failed', lost: 0, gaps: 0, doubled: 0, reordered: 0 };
    expect(Object.fromEntries(outcomes)).toEqual({
      passed_over: { ...failed, lost: 1, gaps: 1 },
      tail: { ...failed, lost: 1 },
      doubled: { ...failed, doubled: 1 },
      reordered: { ...failed, reordered: 1 },
    });
  }, 120_000);

  it('never passes a run that did not come to its end', async () => {
    const script = join(folder, 'smoke.ts');
    const smoke = JSON.stringify(join(here, 'smoke.ts'));
    const abort = "import exec from 'k6/execution';\n";
    await writeFile(
      script,
      `${abort}import person from ${smoke};\nexport { options, setup, handleSummary } from ${smoke};\nexport default (seeded) => { setTimeout(() => exec.test.abort('by hand'), 3500); person(seeded); };\n`,
    );
    const { code, report } = await runK6(script, { ...env, PEOPLE: '2', LINES: '5' });
    expect(code).toBe(108);
    expect(report).toMatchObject({ verdict: 'failed', why: [expect.stringContaining('delivered'), expect.stringContaining('did not come to its end')] });
  }, 60_000);

  it('gives no verdict when the generator was the bottleneck, with an exit code of its own', async () => {
    const script = join(folder, 'smoke.ts');
    const busy =
      'const stop = Date.now() + 6000; const spin = setInterval(() => { if (Date.now() > stop) clearInterval(spin); const until = Date.now() + 400; while (Date.now() < until); }, 450);';
    const smoke = JSON.stringify(join(here, 'smoke.ts'));
    await writeFile(
      script,
      `import person from ${smoke};\nexport { options, setup, handleSummary } from ${smoke};\nexport default (seeded) => { ${busy} person(seeded); };\n`,
    );
    const { code, text, report, page } = await runK6(script, { ...env, PEOPLE: '2', LINES: '5', GENERATOR_LATE_MS: '100' });
    expect(code).toBe(110);
    expect(text).toContain('smoke: no verdict');
    expect(text).toContain('The generator was the bottleneck');
    expect(report?.verdict).toBe('no-verdict');
    expect(report?.counts.overloaded).toBe(1);
    expect(page).toContain('<span class="verdict no-verdict">no verdict</span>');
  }, 60_000);

  it('refuses a target that is not this machine, and settings out of range, all at once, before anything is sent', async () => {
    const away = await runK6('smoke', { ...env, PARLEY_URL: 'http://192.0.2.1:8080' });
    expect(away).toMatchObject({ code: 107, report: null });
    expect(away.text).toContain('is not on this machine. Say twice that it is yours');
    const once = await runK6('smoke', { ...env, PARLEY_URL: 'http://192.0.2.1:8080', PARLEY_LOAD_I_MAY: 'yes' });
    expect(once.code).toBe(107);
    const wrong = await runK6('steady-chat', { ...env, PEOPLE: 'many', DURATION: '3w' });
    expect(wrong).toMatchObject({ code: 107, report: null });
    expect(wrong.text).toContain('PEOPLE=many must be a whole number from 2 to 10000');
    expect(wrong.text).toContain('DURATION=3w must be from 5 to 86400 seconds');
  }, 60_000);
});
