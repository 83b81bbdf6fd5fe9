// k6 against a Parley that nobody prepared: nothing lost, doubled or reordered, and a report at the end.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startParley } from '@parley/cli';
import { expect, it } from 'vitest';
import { k6, runK6 } from './testing/run-k6.ts';

it('the smoke script of k6 finds a fresh Parley well', async (context) => {
  if (k6 === undefined) return context.skip('k6 is not installed: bash infra/install-test-tools.sh');
  const folder = await mkdtemp(join(tmpdir(), 'parley-k6-'));
  const parley = await startParley({ dataDir: join(folder, 'data') });
  try {
    const { text, report, page } = await runK6('smoke', { PARLEY_URL: parley.url, PEOPLE: '10', LINES: '10' });
    expect(text).toContain('smoke: passed');
    expect(report).toMatchObject({ schema: 1, scenario: 'smoke', target: parley.url, verdict: 'passed', why: [] });
    expect(report?.counts).toMatchObject({ delivered: 1000, sent: 100, lost: 0, doubled: 0, reordered: 0, gaps: 0, unanswered: 0 });
    expect(report?.trends.deliver_ms?.count).toBeGreaterThan(0);
    expect(page).toContain('<span class="verdict passed">passed</span>');
  } finally {
    await parley.stop();
    await rm(folder, { recursive: true, force: true });
  }
}, 120_000);
