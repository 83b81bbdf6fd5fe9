// The page is made between its markers only, says what was measured, and the committed one is what its file makes.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { KeptPart } from '../bench/results.ts';
import { filled, generated, plotFiles, RESULTS, reportFiles } from './page.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const kept: KeptPart = {
  at: '2026-11-21T06:40:12.000Z',
  command: 'npm run bench -- --only path',
  commit: 'abcdef12',
  machine: '2 x CPU',
  rows: [
    { name: 'p50', unit: 'ms', values: [2, 4, 3], baseline: [1, 2, 3], baselineName: 'a bare emit', goal: { op: '<=', value: 2, ofRatio: true } },
    { name: 'p99', unit: 'ms', values: [50, 41, 60], goal: { op: '<=', value: 40 } },
    { name: 'to Centrifugo', unit: 'us', values: [], notRun: 'no binary | named', goal: { op: '<=', value: 0.7, ofRatio: true } },
  ],
  series: [
    {
      id: 'ramp',
      title: 'A ramp',
      x: { label: 'x' },
      y: { label: 'y' },
      lines: [{ name: 'one', points: [{ x: 1, min: 1, median: 1, max: 1 }] }],
    },
  ],
};

describe('the performance page', () => {
  it('names the command, the commit, the machine, the baseline and the spread of what was measured', () => {
    const text = generated({ path: kept });
    expect(text).toContain('`npm run bench -- --only path`, 2026-11-21 06:40 UTC, commit abcdef12, 2 x CPU.');
    expect(text).toContain('| p50, ms | 2.00 / 3.00 / 4.00 | 2.00: a bare emit | 2.00x (1.00 to 2.00) | <= 2x: met |');
    expect(text).toContain('| p99, ms | 41.0 / 50.0 / 60.0 |  |  | <= 40: **not met** |');
    expect(text).toContain('![A ramp](performance/ramp.svg)');
  });

  it('lists each goal once, with its verdict; what was not run has a reason instead', () => {
    const [, goals = ''] = generated({ path: kept }).split('## ');
    expect(goals).toContain('| [p50](#the-whole-path-one-process) | <= 2x of a bare emit | 2.00x (1.00 to 2.00) | met |');
    expect(goals).toContain('| [p99](#the-whole-path-one-process) | <= 40 ms | 50.0 ms | **not met** |');
    expect(goals).toContain('| not run: no binary \\| named |  |');
  });

  it('keeps an order of its own, with parts that it does not know at the end', () => {
    const text = generated({ zebra: kept, log: kept, gateway: kept });
    expect([...text.matchAll(/^## (.+)$/gm)].map((match) => match[1])).toEqual(['Goals', "The gateway's own path", 'The log in Kafka', 'zebra']);
  });

  it('changes nothing outside its markers, and refuses a page that has not both', () => {
    const [, begin = '', end = ''] = /(<!-- Made.*?-->)[\s\S]*?(<!-- End.*?-->)/.exec(readFileSync(`${ROOT}/docs/performance.md`, 'utf8')) ?? [];
    const page = `# before\n\n${begin}\nold\n${end}\n\nafter\n`;
    expect(filled(page, 'new')).toBe(`# before\n\n${begin}\n\nnew\n\n${end}\n\nafter\n`);
    expect(filled(filled(page, 'new'), 'new')).toBe(filled(page, 'new'));
    for (const broken of ['no markers', `${begin} only`, `${end} ${begin}`, `${begin} ${begin} ${end}`])
      expect(() => filled(broken, 'new')).toThrow('once each');
  });

  it('never lets one plot overwrite another', () => expect(() => plotFiles({ path: kept, commit: kept })).toThrow('Two plots are called ramp'));

  it('is what the kept results make, and no plot of others is left beside it', async () => {
    const files = await reportFiles(ROOT);
    for (const [path, text] of files) expect(readFileSync(`${ROOT}/${path}`, 'utf8') === text, `${path} is out of date: node load/report/page.ts`).toBe(true);
    const folder = RESULTS.replace(/\/[^/]+$/, '');
    for (const name of readdirSync(`${ROOT}/${folder}`)) expect(name.endsWith('.svg') && !files.has(`${folder}/${name}`), name).toBe(false);
  });
});
