// `npm run bench` as it is typed, without measuring: what it refuses, and what it shows.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const BENCH = fileURLToPath(new URL('./bench.ts', import.meta.url));
const bench = (...args: readonly string[]): Promise<Said> =>
  new Promise((resolve) => {
    execFile(process.execPath, [BENCH, ...args], (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }));
  });

describe('npm run bench', () => {
  it('lists its parts with how long they take', async () => {
    const { code, out } = await bench('--list');
    expect(code).toBe(0);
    for (const part of ['start', 'path', 'commit', 'cluster', 'gateway', 'idle', 'storm', 'all']) expect(out).toMatch(new RegExp(`^${part} +[\\d.]+ min`, 'm'));
  });

  it('refuses parts that it has not, a number of repeats that is none, and keeping what is too short', async () => {
    expect(await bench('--only', 'start,nope')).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('there is no part nope; there are start, path'),
    });
    for (const repeats of ['0', 'x', '1.5', '21'])
      expect(await bench('--repeats', repeats)).toMatchObject({ code: 2, err: expect.stringContaining('from 1 to 20') });
    expect(await bench('--quick', '--keep', 'x.json')).toMatchObject({ code: 2, err: expect.stringContaining('too short to be kept') });
  });
});
