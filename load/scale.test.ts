// docs/scale.md says what the arithmetic says, and the arithmetic what performance.md measured.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CONNECTIONS, COSTS, scaleOf, tables } from './scale.ts';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8');

describe('the scale page', () => {
  it('holds the tables that load/scale.ts prints now', () => expect(read('docs/scale.md')).toContain(tables()));

  it('takes its measured costs from the performance page', () => {
    const measured = read('docs/performance.md');
    const rowOf = (name: string): string => measured.split('\n').find((line) => line.startsWith(`| ${name}`)) ?? '';
    const median = (name: string): number => Number(rowOf(name).split('|')[2]?.split('/')[1]?.replaceAll(',', ''));
    expect(COSTS.socketKiB.value).toBe(median('an idle signed-in socket, KiB'));
    expect(COSTS.deliveryUs.value).toBe(median('the same, CPU of Node for each delivery, us'));
    expect(COSTS.commitsPerSecond.value).toBe(median('batches of 100, events/s'));
    expect(COSTS.commitUs.value).toBe(median('batches of 100, worker CPU, us an event'));
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
