// `parley load` as it is typed, on files like those that load runs and benches leave.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
const parley = (...args: readonly string[]): Promise<Said> =>
  new Promise((resolve) => {
    const env = { PATH: process.env.PATH ?? '' };
    execFile(process.execPath, [CLI, 'load', ...args], { env }, (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }));
  });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-load-results-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
const write = (name: string, content: unknown): string => {
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return join(folder, name);
};

const trend = (p50: number, p99: number) => ({ count: 100, min: 1, avg: p50, p50, p90: p50, p95: p99, p99, max: p99 });
const report = (more: object = {}) => ({
  schema: 1,
  scenario: 'smoke',
  at: '2026-11-21T06:00:00.000Z',
  seconds: 10,
  target: 'http://127.0.0.1:8080',
  machine: '2 x CPU',
  command: 'k6 run load/smoke.ts',
  k6: '1.8.1',
  settings: { people: 20 },
  verdict: 'passed',
  why: [],
  counts: { lost: 0, doubled: 0, reordered: 0, gaps: 0, sent: 400, delivered: 8000 },
  trends: { ack_ms: trend(3, 9), deliver_ms: trend(5, 40), connect_ms: trend(2, 7) },
  thresholds: [],
  ...more,
});
const counts = { ...report().counts, lost: 3 };

describe('parley load diff', () => {
  it('shows each figure of both with its change, and what is more than noise', async () => {
    const [a, b] = [write('a.json', report()), write('b.json', report({ trends: { ...report().trends, deliver_ms: trend(10, 20) } }))];
    const { code, out } = await parley('diff', a, b);
    expect(code).toBe(0);
    expect(out).toMatch(/deliver p50, ms +5 +10 +\+100 % {2}worse/);
    expect(out).toMatch(/deliver p99, ms +40 +20 +-50 % {2}better/);
    expect(out).toContain('2 better, 1 worse');
    const said = JSON.parse((await parley('diff', a, b, '--json')).out);
    expect(said).toMatchObject({ what: 'smoke', notes: [] });
    expect(said.figures).toContainEqual({ name: 'deliver p50', unit: 'ms', a: 5, b: 10, changePercent: 100, change: 'worse' });
  });

  it('is loud about what B lost, and ends with 1', async () => {
    const { code, out } = await parley('diff', write('a.json', report()), write('b.json', report({ counts, verdict: 'failed', why: ['3 were lost.'] })));
    expect(code).toBe(1);
    expect(out).toContain('BROKEN in B: lost 3. These must be 0.');
    expect(out).toContain('! B: failed. 3 were lost.');
  });

  it('refuses other settings until it is told to, and names other machines', async () => {
    const [a, b] = [write('a.json', report()), write('b.json', report({ settings: { people: 50 }, machine: '64 x CPU' }))];
    expect(await parley('diff', a, b)).toMatchObject({ code: 1, out: '', err: expect.stringContaining('people is 20 in A and 50 in B. --anyway') });
    const { code, out } = await parley('diff', a, b, '--anyway');
    expect(code).toBe(0);
    expect(out).toContain('NOT the same work: people is 20 in A and 50 in B.');
    expect(out).toContain('The machines differ: A on 2 x CPU; B on 64 x CPU.');
  });

  it('compares what the bench kept', async () => {
    const part = (...values: number[]) => ({ path: { at: '', command: 'c', commit: 'x', machine: 'm', rows: [{ name: 'p50', unit: 'ms', values, note: 1 }] } });
    const { code, out } = await parley('diff', write('a.json', part(1, 2, 3)), write('b.json', part(4, 5, 6)));
    expect(code).toBe(0);
    expect(out).toMatch(/p50, ms +2 +5 +\+150 % {2}worse/);
  });

  it('says what is wrong with a file', async () => {
    const a = write('a.json', report());
    expect(await parley('diff', a, join(folder, 'none.json'))).toMatchObject({ code: 1, err: expect.stringContaining('Not found') });
    expect((await parley('diff', a, write('text.json', 'hello'))).err).toContain('it is not JSON');
    expect((await parley('diff', a, write('other.json', { some: 'thing' }))).err).toContain('(invalid)');
    expect((await parley('diff', a, write('old.json', report({ schema: 2 })))).err).toContain('schema');
  });
});

describe('parley load table', () => {
  it('has a table for each machine, a line for each run with its command, and leaves out what is none', async () => {
    write('b.json', report({ machine: '64 x CPU', counts, verdict: 'failed', why: ['3 were lost.'] }));
    write('a.json', report());
    write('c.json', report({ scenario: 'big-room', command: 'k6 run -e PEOPLE=50 load/big-room.ts' }));
    write('other.json', { some: 'thing' });
    write('notes.txt', 'not JSON');
    const { code, out, err } = await parley('table', folder);
    expect(code).toBe(0);
    expect(err).toBe('left out: other.json is no result of a scenario\n');
    expect([...out.matchAll(/^### (.+)$/gm)].map((match) => match[1])).toEqual(['2 x CPU', '64 x CPU']);
    expect(out.indexOf('| big-room | passed |')).toBeLessThan(out.indexOf('| smoke | passed |'));
    expect(out).toContain('| people 20 | 0 / 0 / 0 / 0 | 8,000 | 3.0 / 9.0 | 5.0 / 40 | 7.0 | 2026-11-21 | `k6 run load/smoke.ts` |');
    expect(out).toContain('| **failed**: 3 were lost. | people 20 | **3 / 0 / 0 / 0** |');
  });

  it('says that there is nothing in an empty folder, and that a folder is not there', async () => {
    expect(await parley('table', folder)).toMatchObject({ code: 0, out: expect.stringContaining('no result') });
    expect(await parley('table', join(folder, 'none'))).toMatchObject({ code: 1, err: expect.stringContaining('Not found') });
  });
});
