// Runs a command as a child, or a suite of tests in a vitest of its own. Never installs anything.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NOTHING, type Outcome } from './outcome.ts';

export interface Ran {
  readonly code: number;
  readonly output: string;
  readonly seconds: number;
}

/** The output is kept and given back, not shown. `timeoutS`: then it is killed, and its code is 124. */
export function run(command: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}, timeoutS = 3600): Promise<Ran> {
  const started = performance.now();
  const [name = '', ...args] = command;
  return new Promise((resolve) => {
    let output = '';
    let late = false;
    // A group of its own: what the child started is killed with it.
    const child = spawn(name, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const timer = setTimeout(() => {
      late = true;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, timeoutS * 1000);
    // The child is in a group of its own, so the terminal's Ctrl C does not reach it: pass it on, and go.
    const leave = (signal: NodeJS.Signals, code: number) => () => {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
      process.exit(code);
    };
    const onInterrupt = leave('SIGINT', 130);
    const onTerminate = leave('SIGTERM', 143);
    process.once('SIGINT', onInterrupt);
    process.once('SIGTERM', onTerminate);
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    const end = (code: number): void => {
      clearTimeout(timer);
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', onTerminate);
      resolve({ code, output, seconds: (performance.now() - started) / 1000 });
    };
    child.on('error', (error) => {
      output += error.message;
      end(127);
    });
    child.on('close', (code) => end(late ? 124 : (code ?? 1)));
  });
}

/** Tests of these files. A vitest that ends without an outcome is one failure, with what it printed. */
export async function runTests(
  files: readonly string[],
  root: string,
  env: Readonly<Record<string, string>>,
  timeoutS: number,
): Promise<{ outcome: Outcome; seconds: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-outcome-'));
  const report = join(folder, 'outcome.json');
  try {
    const command = [process.execPath, 'node_modules/vitest/vitest.mjs', 'run', '--reporter=./tools/src/suites/outcome-reporter.ts', ...files];
    const { code, output, seconds } = await run(command, root, { ...env, PARLEY_OUTCOME_FILE: report }, timeoutS);
    const outcome = existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as Outcome) : NOTHING;
    const silent = code !== 0 && outcome.failed.length === 0;
    const why = code === 124 ? `it was stopped after ${timeoutS} s` : `vitest ended with ${code}:\n${output.split('\n').slice(-25).join('\n')}`;
    return { outcome: silent ? { ...outcome, failed: [{ file: '', name: 'the run itself', why }] } : outcome, seconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
