// k6 against a Parley that nobody prepared: nothing lost, doubled or reordered, and a report at the end.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startParley } from '@parley/cli';
import { expect, it } from 'vitest';
import type { LoadReport } from './lib/report-json.ts';

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const candidates = [
  process.env.K6_BIN ?? '',
  join(homedir(), '.cache/parley/bin/k6'),
  ...(process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'k6')),
];
const k6 = candidates.find((path) => path !== '' && existsSync(path));

it('the smoke script of k6 finds a fresh Parley well', async (context) => {
  if (k6 === undefined) return context.skip('k6 is not installed: bash infra/install-test-tools.sh');
  const folder = await mkdtemp(join(tmpdir(), 'parley-k6-'));
  const parley = await startParley({ dataDir: join(folder, 'data') });
  try {
    const { stdout } = await run(k6, ['run', '--quiet', '--no-usage-report', join(here, 'smoke.ts')], {
      cwd: dirname(here),
      env: { ...process.env, PARLEY_URL: parley.url, PEOPLE: '10', LINES: '10', PARLEY_LOAD_RESULTS: folder, GENERATOR_LATE_MS: '2000' },
      maxBuffer: 1 << 24,
    }).catch((error: { stdout: string; stderr: string }) => ({ stdout: `${error.stdout}\n${error.stderr}` }));
    expect(stdout).toContain('smoke: passed');
    const report = JSON.parse(await readFile(join(folder, 'smoke.json'), 'utf8')) as LoadReport;
    expect(report).toMatchObject({ schema: 1, scenario: 'smoke', target: parley.url, verdict: 'passed', why: [] });
    expect(report.counts).toMatchObject({ delivered: 1000, sent: 100, lost: 0, doubled: 0, reordered: 0, gaps: 0, unanswered: 0 });
    expect(report.trends.deliver_ms?.count).toBeGreaterThan(0);
    expect(await readFile(join(folder, 'smoke.html'), 'utf8')).toContain('passed');
  } finally {
    await parley.stop();
    await rm(folder, { recursive: true, force: true });
  }
}, 120_000);
