// Histories survive the disk, and the summary says what was counted.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { check } from './check.ts';
import type { HistoryRecord } from './history.ts';
import { generateHistory } from './mutants/generate-history.ts';
import { createHistogram, formatReport } from './report.ts';
import { createHistoryWriter, createRecorders, readHistory } from './write-history.ts';

it('reads back exactly what was written to a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-history-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const history = generateHistory(3, 2000);
  const writer = createHistoryWriter(join(folder, 'h.jsonl'));
  for (const record of history) writer.write(record);
  await writer.close();
  expect(writer.written).toBe(history.length);
  expect(await Array.fromAsync(readHistory(join(folder, 'h.jsonl')))).toEqual(history);
});

it('tells a path that cannot be written at close', async () => {
  const writer = createHistoryWriter(join(tmpdir(), 'no-such-folder', 'h.jsonl'));
  await expect(writer.close()).rejects.toThrow('ENOENT');
});

it('gives each SDK instance a client of its own', () => {
  const history: HistoryRecord[] = [];
  const recorders = createRecorders(history, () => 7);
  recorders.recorder(() => 'ann')({ kind: 'connected', gateway: 'g' });
  recorders.recorder(() => 'bob')({ kind: 'disconnected', reason: 'r' });
  expect(history).toEqual([
    { t: 7, client: 'c1', user: 'ann', saw: { kind: 'connected', gateway: 'g' } },
    { t: 7, client: 'c2', user: 'bob', saw: { kind: 'disconnected', reason: 'r' } },
  ]);
  expect(recorders.clientOf('bob')).toBe('c2');
});

it('keeps percentiles within two in a hundred', () => {
  const histogram = createHistogram();
  for (let ms = 1; ms <= 1000; ms++) histogram.add(ms);
  const { p50, p99, max } = histogram.percentiles();
  expect(Math.abs(p50 - 500)).toBeLessThan(12);
  expect(Math.abs(p99 - 990)).toBeLessThan(22);
  expect(max).toBe(1000);
});

it('says in one line that every promise held, or names what did not', () => {
  expect(formatReport(check(generateHistory(1)))).toMatch(/^OK: every promise held\.\nclients /);
  const history = generateHistory(1).filter((record) => !('saw' in record && record.saw.kind === 'invoke'));
  expect(formatReport(check(history))).toMatch(/^FAILED: \d+ violations\.[\s\S]*I2 Event \d+ \(message\.posted\) was never asked for/);
});
