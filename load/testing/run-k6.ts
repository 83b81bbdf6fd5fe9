// Runs a load script with k6 as an operator does, for tests: its exit code, what it printed, and its report from a folder of its own.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadReport } from '../lib/report-json.ts';

const load = dirname(dirname(fileURLToPath(import.meta.url)));
const candidates = [
  process.env.K6_BIN ?? '',
  join(homedir(), '.cache/parley/bin/k6'),
  ...(process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'k6')),
];
/** Where k6 is; undefined: nowhere. */
export const k6 = candidates.find((path) => path !== '' && existsSync(path));

export interface K6Run {
  readonly code: number;
  /** stdout and stderr. */
  readonly text: string;
  /** What the run left; null when it left nothing. */
  readonly report: LoadReport | null;
  readonly page: string;
}

/** `script`: a name in load/, or a path. PARLEY_LOAD_RESULTS: a folder that stays; else one that is removed. Other people's work on the same machine makes no run void: only a timer 2 s late counts as late. */
export async function runK6(script: string, env: Readonly<Record<string, string>>, args: readonly string[] = []): Promise<K6Run> {
  const results = env.PARLEY_LOAD_RESULTS ?? (await mkdtemp(join(tmpdir(), 'parley-k6-results-')));
  const path = script.includes('/') ? script : join(load, `${script}.ts`);
  const options = { env: { ...process.env, GENERATOR_LATE_MS: '2000', ...env, PARLEY_LOAD_RESULTS: results }, maxBuffer: 1 << 26 };
  try {
    const { code, text } = await new Promise<{ code: number; text: string }>((resolve) => {
      execFile(k6 ?? 'k6', ['run', '--quiet', '--no-usage-report', '--address', '127.0.0.1:0', ...args, path], options, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), text: `${stdout}\n${stderr}` }),
      );
    });
    const read = (ending: string): Promise<string> => readFile(join(results, `${basename(script, '.ts')}.${ending}`), 'utf8').catch(() => '');
    const json = await read('json');
    return { code, text, report: json === '' ? null : (JSON.parse(json) as LoadReport), page: await read('html') };
  } finally {
    if (env.PARLEY_LOAD_RESULTS === undefined) await rm(results, { recursive: true, force: true });
  }
}
