// The load client as a program: built from the sources beside this file when they changed, into the folder of our tools. Needs Go and nothing else.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SOURCES = fileURLToPath(new URL('.', import.meta.url));
/** Where infra/install-test-tools.sh puts tools too. */
const BIN = process.env.PARLEY_TOOLS_BIN ?? join(homedir(), '.cache/parley/bin');

export type Built = { readonly program: string } | { readonly missing: string };

/** The program, or why there is none. */
export async function buildFan(): Promise<Built> {
  if (process.platform !== 'linux') return { missing: 'the load client needs Linux (epoll, /proc)' };
  const names = (await readdir(SOURCES)).filter((name) => /\.go$|^go\.mod$/.test(name)).sort();
  const hash = createHash('sha256');
  for (const name of names) hash.update(name).update(await readFile(join(SOURCES, name)));
  const program = join(BIN, `fan-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(program)) return { program };
  await mkdir(BIN, { recursive: true });
  const fresh = `${program}.${process.pid}`;
  try {
    await run('go', ['build', '-o', fresh, '.'], { cwd: SOURCES, env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod' } });
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === 'ENOENT') return { missing: 'the load client is built with Go, which is not installed' };
    throw new Error(`The load client does not build: ${stderr ?? String(error)}`);
  }
  await rename(fresh, program);
  return { program };
}
