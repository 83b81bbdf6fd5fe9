// docs/scale.md says what the arithmetic says, and the arithmetic what the bench kept.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Results } from './bench/results.ts';
import { CONNECTIONS, COSTS, measuredIn, scaleOf, tables } from './scale.ts';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8');

describe('the scale page', () => {
  it('holds the tables that load/scale.ts prints now', () => expect(read('docs/scale.md')).toContain(tables()));

  it('takes its measured costs from the kept results, the first of that name that was measured', () => {
    const rows = [
      { name: 'path: CPU, beside a', unit: 'us', values: [], notRun: 'no Redis' },
      { name: 'path: CPU, beside b', unit: 'us', values: [3, 1, 2.34567] },
      { name: 'path: CPU, beside c', unit: 'us', values: [9] },
    ];
    const results: Results = { path: { at: '', command: '', commit: '', machine: '', rows } };
    expect(measuredIn(results, 'path', /CPU/)).toBe(2.35);
    expect(() => measuredIn(results, 'path', /memory/)).toThrow('npm run bench -- --only path');
    expect(() => measuredIn(results, 'idle', /CPU/)).toThrow('no figure of idle');
    for (const { value, source } of Object.values(COSTS)) if (source === 'measured') expect(value).toBeGreaterThan(0);
  });

  it('never plans fewer of anything for more people, nor one of anything that may die', () => {
    const scales = CONNECTIONS.map(scaleOf);
    for (const [index, scale] of scales.entries())
      for (const key of ['gateways', 'messages', 'accounts', 'edges'] as const) {
        expect(scale[key]).toBeGreaterThanOrEqual(Math.max(2, scales[index - 1]?.[key] ?? 0));
        expect(Number.isInteger(scale[key])).toBe(true);
      }
  });

  it('gives a pod less memory than the chart does', () => {
    const [, limit = '0'] = /gateway:\n(?:.*\n){1,6}?.*limits: \{ memory: (\d+)Gi \}/.exec(read('infra/helm/parley/values.yaml')) ?? [];
    for (const connections of CONNECTIONS) expect(scaleOf(connections).podMiB).toBeLessThan(Number(limit) * 1024);
  });
});
