// What limits the worker at its limit: a CPU profile of it, and the functions that take most of it themselves.
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { MEMBERS } from './ramp.ts';
import type { Bench } from './run/measure.ts';

const TOP = 15;
const BESIDE = ['(idle)', '(program)', '(garbage collector)', '(root)'];

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Writes the profile at `rate` messages/s to the folder, and prints its top functions. */
export async function profileAt(bench: Bench, rate: number, folder: string): Promise<void> {
  const to = resolve(folder);
  await mkdir(to, { recursive: true });
  const before = new Set(await readdir(to));
  const execArgv = ['--cpu-prof', `--cpu-prof-dir=${to}`];
  await bench.run('parley', { rooms: 1, execArgv }, { conns: MEMBERS, rooms: 1, rates: rate, dur: '6s', warm: '1s', settle: '200ms' });
  for (const name of (await readdir(to)).filter((one) => one.endsWith('.cpuprofile') && !before.has(one))) {
    const path = join(to, name);
    console.log(`profile at ${rate} msg/s to ${MEMBERS}: ${path}`);
    for (const line of topFunctions(JSON.parse(await readFile(path, 'utf8')) as CpuProfile)) console.log(`  ${line}`);
  }
}

/** Share of the time that was not idle, function and place, most first. */
export function topFunctions({ nodes, samples, timeDeltas }: CpuProfile): readonly string[] {
  const selfUs = new Map<string, number>();
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  samples.forEach((id, i) => {
    const frame = frames.get(id);
    if (frame === undefined) return;
    const place = frame.url.split('/').slice(-3).join('/');
    const name = BESIDE.includes(frame.functionName) ? frame.functionName : `${frame.functionName || '(anonymous)'} ${place}:${frame.lineNumber + 1}`;
    selfUs.set(name, (selfUs.get(name) ?? 0) + (timeDeltas[i] ?? 0));
  });
  selfUs.delete('(idle)');
  const busy = [...selfUs.values()].reduce((sum, us) => sum + us, 0);
  return [...selfUs]
    .sort(([, a], [, b]) => b - a)
    .slice(0, TOP)
    .map(([name, us]) => `${((us / busy) * 100).toFixed(1).padStart(5)} %  ${name}`);
}
