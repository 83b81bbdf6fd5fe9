// k6 against a Parley that nobody prepared: nothing lost, doubled or reordered, and a report at the end.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startParley } from '@parley/cli';
import { expect, it } from 'vitest';
import { k6, runK6 } from './testing/run-k6.ts';

it('the smoke script of k6 finds a fresh Parley well, again and again', async (context) => {
  if (k6 === undefined) return context.skip('k6 is not installed: bash infra/install-test-tools.sh');
  const folder = await mkdtemp(join(tmpdir(), 'parley-k6-'));
  const parley = await startParley({ dataDir: join(folder, 'data') });
  try {
    const { text, report, page } = await runK6('smoke', { PARLEY_URL: parley.url, PEOPLE: '10', LINES: '10', PARLEY_LOAD_RESULTS: folder });
    expect(text).toContain('smoke: passed');
    expect(report).toMatchObject({ schema: 1, scenario: 'smoke', target: parley.url, verdict: 'passed', why: [] });
    expect(report?.counts).toMatchObject({ delivered: 1000, sent: 100, lost: 0, doubled: 0, reordered: 0, gaps: 0, unanswered: 0 });
    expect(report?.trends.deliver_ms?.count).toBeGreaterThan(0);
    expect(page).toContain('<span class="verdict passed">passed</span>');
    // More people than come in without a key in a minute: this run finds the key that the first one made, and one from elsewhere is told what to do.
    const second = await runK6('smoke', { PARLEY_URL: parley.url, PEOPLE: '51', LINES: '1', PARLEY_LOAD_RESULTS: folder });
    expect(second.report, second.text).toMatchObject({ verdict: 'passed' });
    const elsewhere = await runK6('smoke', { PARLEY_URL: parley.url, PEOPLE: '51', LINES: '1' });
    expect(elsewhere).toMatchObject({ code: 107, report: { verdict: 'failed' } });
    expect(elsewhere.text).toContain('let the owner make one (docs/load.md) and set PARLEY_LOAD_KEY');
  } finally {
    await parley.stop();
    await rm(folder, { recursive: true, force: true });
  }
}, 120_000);
