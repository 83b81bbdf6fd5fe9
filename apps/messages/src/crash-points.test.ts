// A crash is what somebody wanted at this very point, once.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { CRASH_POINTS, createCrash } from './crash-points.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-crash-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('Each point is where the process dies that the file names, and only once.', () => {
  const file = join(folder, 'crash-at');
  for (const point of CRASH_POINTS) {
    let deaths = 0;
    const crash = createCrash(file, () => deaths++);
    for (const other of CRASH_POINTS) crash(other);
    expect(deaths).toBe(0);
    writeFileSync(file, `${point}\n`);
    for (const other of CRASH_POINTS.filter((one) => one !== point)) crash(other);
    expect(deaths).toBe(0);
    crash(point);
    expect(existsSync(file)).toBe(false);
    crash(point);
    expect(deaths).toBe(1);
  }
});
