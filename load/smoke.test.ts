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
      env: { ...process.env, PARLEY_URL: parley.url, PEOPLE: '10', LINES: '10' },
      maxBuffer: 1 << 24,
    }).catch((error: { stdout: string; stderr: string }) => ({ stdout: `${error.stdout}\n${error.stderr}` }));
    expect(stdout).toContain('smoke: passed');
    const report = JSON.parse(await readFile(join(here, 'results', 'smoke.json'), 'utf8')) as { metrics: Record<string, { values: { count: number } }> };
    expect(report.metrics.parley_delivered?.values.count).toBe(1000);
    expect(report.metrics.parley_lost?.values.count).toBe(0);
    expect(await readFile(join(here, 'results', 'smoke.html'), 'utf8')).toContain('passed');
  } finally {
    await parley.stop();
    await rm(folder, { recursive: true, force: true });
  }
}, 120_000);
