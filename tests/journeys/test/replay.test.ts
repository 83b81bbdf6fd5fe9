// Recorded conversations lived through again by real clients, also while the whole program is killed with -9: the checker finds nothing.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { CLI } from '../src/program.ts';

const run = promisify(execFile);
const log = (name: string): string => fileURLToPath(new URL(`../../../apps/parley/fixtures/irc/${name}`, import.meta.url));
const LOGS = [log('2005-08-08.raw.txt'), log('2009-02-23.raw.txt')];

async function replay(...options: string[]): Promise<Record<string, number>> {
  const { stdout } = await run(process.execPath, [CLI, 'replay', 'irc', ...LOGS, '--json', ...options], { timeout: 150_000, maxBuffer: 1 << 24 }).catch(
    (error: { stdout?: string; stderr?: string }) => ({ stdout: error.stdout || JSON.stringify({ problems: [error.stderr] }) }),
  );
  return JSON.parse(stdout);
}

const CLEAN = { lost: 0, duplicated: 0, outOfOrder: 0, gaps: 0, violations: 0, failures: 0 };

describe('a replay of two logs', () => {
  it('delivers every message to every member present, once and in order', async () => {
    const summary = await replay('--speed', '2000');
    expect(summary).toMatchObject(CLEAN);
    expect(summary.problems).toBeUndefined();
    expect(summary.delivered).toBe(summary.expected);
    expect(summary.expected).toBeGreaterThan(1000);
    expect(summary.messages).toBeGreaterThan(100);
  }, 160_000);

  it('does so while the program is killed with -9 in the middle', async () => {
    const summary = await replay('--speed', '500', '--kill', '2');
    expect(summary).toMatchObject({ ...CLEAN, kills: 2 });
    expect(summary.problems).toBeUndefined();
    expect(summary.delivered).toBe(summary.expected);
  }, 160_000);
});
