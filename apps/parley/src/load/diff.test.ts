// What is noise, what is a change, and what must never be quiet.
import { fc, it as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { compare, diffOf } from './diff.ts';
import type { Figure } from './figures.ts';
import type { BenchResults, LoadReport, ResultFile } from './result-file.ts';

const figure = (median: number, more: Partial<Figure> = {}): Figure => ({
  name: 'deliver p99',
  unit: 'ms',
  median,
  spread: null,
  better: 'less',
  mustBeZero: false,
  grain: 0,
  ...more,
});
const change = (a: Figure, b: Figure) => compare(a, b).change;

const report = (more: Partial<LoadReport> = {}): ResultFile => ({
  kind: 'scenario',
  path: 'x.json',
  report: {
    schema: 1,
    scenario: 'smoke',
    at: '2026-11-21T06:00:00.000Z',
    seconds: 10,
    target: 'http://127.0.0.1:8080',
    machine: 'one',
    command: 'k6 run load/smoke.ts',
    settings: { people: 20 },
    verdict: 'passed',
    why: [],
    counts: { lost: 0, sent: 100 },
    trends: { deliver_ms: { count: 9, p50: 5, p95: 9, p99: 20, max: 30 } },
    thresholds: [{ metric: 'strays', rule: 'count==0', ok: true }],
    ...more,
  },
});
const bench = (rows: BenchResults[string]['rows'], machine = 'one'): ResultFile => ({
  kind: 'bench',
  path: 'x.json',
  results: { path: { at: '', command: '', commit: '', machine, rows } },
});

describe('a change', () => {
  it('is noise under 20 %, where spreads overlap, and within what the clock shows', () => {
    expect(change(figure(100), figure(119))).toBe('noise');
    expect(change(figure(100), figure(121))).toBe('worse');
    expect(change(figure(100), figure(79))).toBe('better');
    expect(change(figure(100, { spread: [80, 150] }), figure(140, { spread: [130, 200] }))).toBe('noise');
    expect(change(figure(100, { spread: [80, 120] }), figure(140, { spread: [130, 200] }))).toBe('worse');
    expect(change(figure(1, { grain: 1 }), figure(2, { grain: 1 }))).toBe('noise');
    expect(change(figure(0), figure(3))).toBe('worse');
  });

  it('is better the other way where more is better, and only a change where neither is', () => {
    expect(change(figure(100, { better: 'more' }), figure(200, { better: 'more' }))).toBe('better');
    expect(change(figure(100, { better: 'neither' }), figure(200, { better: 'neither' }))).toBe('changed');
  });

  it('of what must be 0 is never noise, and the worst repeat counts', () => {
    const zero = (median: number, worst: number): Figure => figure(median, { mustBeZero: true, spread: [0, worst] });
    expect(change(zero(0, 0), zero(0, 1))).toBe('broken');
    expect(change(zero(0, 1000), zero(0, 1))).toBe('broken');
    expect(change(zero(1, 2), zero(0, 0))).toBe('mended');
    expect(change(zero(0, 0), zero(0, 0))).toBe('same');
  });

  const value = fc.double({ min: 0.001, max: 1e6, noNaN: true });
  property.prop([value, value])('turns round with A and B', (a, b) => {
    // 20 % of the one is not 20 % of the other: only clear changes can be told from both sides.
    fc.pre(Math.max(a, b) / Math.min(a, b) > 1.26);
    expect([change(figure(a), figure(b)), change(figure(b), figure(a))].toSorted()).toEqual(['better', 'worse']);
  });
});

describe('two load runs', () => {
  it('are not compared when scenario or settings differ, unless told, and then it says so', () => {
    const other = report({ scenario: 'soak', settings: { people: 50, minutes: 5 } });
    expect(() => diffOf(report(), other, false)).toThrow(
      'A is smoke, B is soak; minutes is not set in A and 5 in B; people is 20 in A and 50 in B. --anyway compares them all the same.',
    );
    expect(diffOf(report(), other, true).notes[0]).toBe('NOT the same work: A is smoke, B is soak.');
  });

  it('say when machines differ or nobody named them, and when a run has no verdict', () => {
    expect(diffOf(report(), report(), false).notes).toEqual([]);
    expect(diffOf(report(), report({ machine: 'two' }), false).notes).toEqual(['The machines differ: A on one; B on two.']);
    expect(diffOf(report({ machine: null }), report({ machine: null }), false).notes[0]).toContain('may differ');
    expect(diffOf(report(), report({ verdict: 'no-verdict', why: ['k6 was late.'] }), false).notes).toEqual(['B: no-verdict. k6 was late.']);
  });

  it('are loud about what is lost, by its name or by its threshold, also when the other did not count it', () => {
    const lossy = report({ counts: { lost: 1, sent: 100, strays: 2 } });
    const diff = diffOf(report(), lossy, false);
    expect(diff.figures.find(({ name }) => name === 'lost')).toMatchObject({ a: 0, b: 1, changePercent: null, change: 'broken' });
    expect(diff.notes).toContain('BROKEN, only in B: strays 2.');
  });

  it('leave out what was not measured', () => {
    const none = report({ trends: { deliver_ms: { count: 0, p50: null, p95: null, p99: null, max: null } } });
    expect(diffOf(none, none, false).figures.map(({ name }) => name)).toEqual(['lost', 'sent']);
  });
});

describe('two benches', () => {
  const rows = [
    { name: 'p50', unit: 'ms', values: [3, 1, 2] },
    { name: 'commits', unit: 'events/s', values: [100, 110, 120] },
    { name: 'room: lost, doubled or out of order', unit: '', values: [0, 0, 0] },
    { name: 'to Centrifugo', unit: 'us', values: [null] },
    { name: 'rooms reset', unit: '', values: [0], goal: { op: '<=' as const, value: 0 } },
  ];

  it('compare the rows of the parts that both have, by their repeats', () => {
    const slower = [
      { name: 'p50', unit: 'ms', values: [6, 4, 5] },
      { name: 'commits', unit: 'events/s', values: [200, 210, 190] },
      { name: 'room: lost, doubled or out of order', unit: '', values: [0, 7, 0] },
      { name: 'rooms reset', unit: '', values: [1], goal: { op: '<=' as const, value: 0 } },
    ];
    expect(diffOf(bench(rows), bench(slower), false).figures.map(({ name, change: how }) => [name, how])).toEqual([
      ['p50', 'worse'],
      ['commits', 'better'],
      ['room: lost, doubled or out of order', 'broken'],
      ['rooms reset', 'broken'],
    ]);
  });

  it('are never compared with a load run, nor without a part in common', () => {
    expect(() => diffOf(bench(rows), report(), true)).toThrow('nothing in common');
    const other: ResultFile = { kind: 'bench', path: '', results: { start: { at: '', command: '', commit: '', machine: '', rows: [] } } };
    expect(() => diffOf(bench(rows), other, true)).toThrow('no part');
  });
});
