// Start-up time and idle memory of the whole program: first start on an empty folder, and a second one on the same folder.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { familyMiB, rssMiB } from './proc.ts';
import type { Row } from './row.ts';

const CLI = fileURLToPath(new URL('../../apps/parley/src/cli.ts', import.meta.url));
const IDLE_MS = 3000;

/** Starts on the folder; answers how long until the ready line, and memory after some idle seconds when asked. */
function startOnce(dataDir: string, measure: boolean): Promise<{ ms: number; node: number; all: number }> {
  const began = performance.now();
  const child = spawn(process.execPath, [CLI, 'start', '--json'], {
    env: { ...process.env, PORT: '0', HOST: '127.0.0.1', PARLEY_DATA: dataDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.stdout.once('data', async () => {
      const ms = performance.now() - began;
      if (measure) await new Promise((done) => setTimeout(done, IDLE_MS));
      const pid = child.pid ?? 0;
      const answer = { ms, node: measure ? await rssMiB(pid) : 0, all: measure ? await familyMiB(pid) : 0 };
      child.once('exit', () => resolve(answer));
      child.kill('SIGTERM');
    });
  });
}

/** `tell` hears which repeat begins. */
export async function benchStart(repeats: number, tell: (nr: number) => void): Promise<Row[]> {
  const first: number[] = [];
  const second: number[] = [];
  const node: number[] = [];
  const all: number[] = [];
  for (let i = 0; i < repeats; i++) {
    tell(i + 1);
    const dataDir = await mkdtemp(join(tmpdir(), 'parley-bench-'));
    first.push((await startOnce(dataDir, false)).ms);
    const again = await startOnce(dataDir, true);
    second.push(again.ms);
    node.push(again.node);
    all.push(again.all);
    await rm(dataDir, { recursive: true, force: true });
  }
  return [
    { name: 'start: first, empty folder, until the ready line', unit: 'ms', values: first, goal: { op: '<=', value: 5000 } },
    { name: 'start: again, same folder', unit: 'ms', values: second },
    { name: 'idle: resident memory of Node', unit: 'MiB', values: node },
    { name: 'idle: memory of Node and Postgres together (PSS)', unit: 'MiB', values: all },
  ];
}
