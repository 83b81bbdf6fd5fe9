// The bench goes on after a part that failed, says how far it is, and a row without figures has no verdict.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type KeptPart, keepPart, readResults } from '../results.ts';
import { type Row, toFigure } from '../row.ts';
import { runParts, type Suites, unknownParts } from './run-parts.ts';
import { lineOf } from './show-row.ts';

const row: Row = { name: 'p50', unit: 'ms', values: [1, 2, 3] };
const ALL = { only: null, repeats: null, quick: false };

async function run(suites: Suites, asked: Partial<typeof ALL> | { only: string[] } | { repeats: number } = {}) {
  const lines: string[] = [];
  const done: string[] = [];
  const failed = await runParts(
    suites,
    { ...ALL, ...asked },
    { now: () => 0, progress: (line) => void lines.push(line), part: async (name, part) => void done.push(`${name}:${part.rows.length}`) },
  );
  return { lines, done, failed };
}

describe('a run of the bench', () => {
  const suites: Suites = {
    first: { about: '', minutes: 4, run: async () => [row] },
    broken: { about: '', minutes: 2, run: async () => Promise.reject(new Error('no engine')) },
    last: {
      about: '',
      minutes: 6,
      repeats: 2,
      run: async ({ repeats, repeat }) => {
        for (let nr = 1; nr <= repeats; nr++) repeat(nr);
        return { rows: [row, row] };
      },
    },
  };

  it('goes on after a part that fails, and tells which and why', async () => {
    const { lines, done, failed } = await run(suites);
    expect(done).toEqual(['first:1', 'last:2']);
    expect([...failed.keys()]).toEqual(['broken']);
    expect(lines.find((line) => line.includes('FAILED'))).toContain('[2/3] broken: FAILED, Error: no engine');
  });

  it('counts a part that cannot be kept as failed', async () => {
    const failed = await runParts(
      suites,
      { ...ALL, only: ['first'] },
      { now: () => 0, progress: () => {}, part: () => Promise.reject(new Error('disk full')) },
    );
    expect(failed.get('first')).toEqual(new Error('disk full'));
  });

  it('says which part and repeat it is at and about how long it takes, by the repeats that were asked for', async () => {
    expect((await run(suites)).lines[0]).toBe('[1/3] first: begins, about 12 min left');
    const { lines } = await run(suites, { only: ['last'], repeats: 4 });
    expect(lines.slice(0, 3)).toEqual([
      '[1/1] last: begins, about 12 min left',
      '[1/1] last: repeat 1 of 4, about 12 min left',
      '[1/1] last: repeat 2 of 4, about 12 min left',
    ]);
  });

  it('knows which names are none of its parts', () => expect(unknownParts(suites, ['first', 'nope'])).toEqual(['nope']));
});

describe('a line of the table', () => {
  it('names baseline and goal, and says loudly when it is not met', () => {
    const line = lineOf({ ...row, baseline: [1, 1, 1], baselineName: 'a bare emit', goal: { op: '<=', value: 1 } });
    expect(line).toContain('1.00 / 2.00 / 3.00');
    expect(line).toContain('2.00x');
    expect(line).toMatch(/<= 1 NOT MET \(baseline: a bare emit\)$/);
  });

  it('gives the reason of what was not run, and no verdict', () => {
    const skipped: Row = { name: 'p50', unit: 'ms', values: [], notRun: 'no binary', goal: { op: '<=', value: 1 } };
    expect(lineOf(skipped)).toContain('not run: no binary');
    expect(toFigure(skipped).met).toBeNull();
    expect(toFigure({ ...row, values: [Number.NaN], goal: { op: '<=', value: 1 } })).toMatchObject({ met: null, notRun: 'nothing was measured' });
  });

  it('leaves out a repeat without a number, with its pair', () => {
    const kept = JSON.parse(JSON.stringify({ ...row, values: [1, Number.NaN, 9], baseline: [1, 2, 3] })) as Row;
    expect(toFigure(kept)).toMatchObject({ min: 1, max: 9, ratio: 2, ratioSpread: [1, 3], baseline: 2 });
  });
});

describe('the file of results', () => {
  it('keeps each part apart from the others', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-bench-test-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'results.json');
    const part = (commit: string): KeptPart => ({
      at: '2026-11-21T06:40:00.000Z',
      command: 'x',
      commit,
      machine: 'm',
      rows: [{ ...row, values: [1, -2.5, 3e-7, Number.NaN] }],
    });
    await keepPart(file, 'a', part('one'));
    await keepPart(file, 'b', part('one'));
    await keepPart(file, 'a', part('two'));
    const results = await readResults(file);
    expect([results.a?.commit, results.b?.commit]).toEqual(['two', 'one']);
    const text = await readFile(file, 'utf8');
    expect(text.endsWith('}\n')).toBe(true);
    expect(text).toContain('"values": [1, -2.5, 3e-7, null]');
    expect(await readResults(join(folder, 'none.json'))).toEqual({});
  });
});
