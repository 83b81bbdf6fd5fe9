// `npm run check`: everything that can be known without running the program. One line per step, all failures at the end.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './suites/run-suite.ts';

export interface Step {
  readonly name: string;
  readonly code: number;
  readonly output: string;
  readonly seconds: number;
}

const node = process.execPath;
const BIN = 'node_modules/.bin';
/** Projects with a tsconfig of their own: other libraries are in sight there (DOM only, JSX, no Node). */
const OWN_TYPES = ['apps/web', 'packages/sdk', 'load'];

const commands = (root: string): readonly (readonly [string, readonly string[]])[] => [
  ['format and lint', [`${BIN}/biome`, 'check', '--diagnostic-level=error', '--max-diagnostics=50', '.']],
  ['types', [`${BIN}/tsc`, '-p', '.']],
  ...OWN_TYPES.filter((folder) => existsSync(join(root, folder, 'tsconfig.json'))).map(
    (folder) => [`types of ${folder}`, [`${BIN}/tsc`, '--noEmit', '-p', folder]] as const,
  ),
  ['house rules', [node, 'tools/src/house-rules.ts']],
  ['reference docs', [node, 'tools/src/docs.ts', '--check']],
  ['prisma clients', [node, 'tools/src/prisma-clients.ts']],
];

/** Runs all steps, also after one that failed. `tell` gets a line per step. */
export async function runChecks(root: string, tell: (line: string) => void): Promise<{ steps: readonly Step[]; seconds: number }> {
  const steps: Step[] = [];
  for (const [name, command] of commands(root)) {
    const { code, output, seconds } = await run(command, root);
    steps.push({ name, code, output, seconds });
    tell(`${code === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(24)} ${seconds.toFixed(1).padStart(6)} s`);
  }
  return { steps, seconds: steps.reduce((sum, step) => sum + step.seconds, 0) };
}

if (import.meta.main) {
  const { steps, seconds } = await runChecks(fileURLToPath(new URL('../..', import.meta.url)), console.log);
  const failed = steps.filter((step) => step.code !== 0);
  for (const step of failed) console.log(`\n--- ${step.name}\n${step.output.trim()}`);
  console.log(failed.length === 0 ? `\nall ${steps.length} checks passed in ${seconds.toFixed(1)} s` : `\n${failed.length} of ${steps.length} checks failed`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}
