// Programs that infra/install-test-tools.sh builds and npm does not bring. Nothing is installed here.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const BIN = process.env.PARLEY_TOOLS_BIN ?? join(homedir(), '.cache/parley/bin');

/** null: it is not on this machine. */
export function toolPath(name: string): string | null {
  const found = [BIN, ...(process.env.PATH ?? '').split(delimiter)].map((folder) => join(folder, name)).find(existsSync);
  return found ?? null;
}

/** Why its tests are left out, for their name; '': they are not. */
export const absentWords = (...names: readonly string[]): string => {
  const absent = names.filter((name) => toolPath(name) === null);
  return absent.length === 0 ? '' : ` (left out: ${absent.join(', ')} not installed, see infra/install-test-tools.sh)`;
};

/** Its output. Throws with what it said when it fails. Only these variables are in its environment. */
export async function runTool(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const path = toolPath(name);
  if (path === null) throw new Error(`${name} is not installed`);
  const { stdout } = await run(path, args, { cwd: ROOT, env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent', ...env }, maxBuffer: 2 ** 26 });
  return stdout;
}
