// A container without Docker, as far as that goes: the image's tree, which nobody may write to, an ordinary user, an environment of its own,
// and two folders to write to. What it leaves out: name spaces, the base image's own files, limits.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
/** `nobody`: initdb wants a user who has a name, which the image's 10001 has there and not here. */
export const USER = 65_534;
const isRoot = process.getuid?.() === 0;

export interface Container {
  readonly output: () => string;
  /** Of the process itself, once it ended. */
  readonly ended: Promise<number | null>;
  readonly pid: number;
  /** Resolves when HEALTHCHECK would say healthy; throws with the output when the process ends before. */
  healthy(): Promise<void>;
  stop(): Promise<number | null>;
}

export interface Image {
  readonly tree: string;
  /** A new folder that the containers' user owns. */
  folder(name: string): string;
  start(command: readonly string[], env: Readonly<Record<string, string>>): Container;
  remove(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Runs the script that the Dockerfile runs. */
export async function buildImage(): Promise<Image> {
  const base = mkdtempSync(join(tmpdir(), 'parley-image-'));
  chmodSync(base, 0o755);
  const tree = join(base, 'app');
  await run('sh', ['infra/image/assemble.sh', '.', tree], { cwd: ROOT, env: { ...process.env, npm_config_prefer_offline: 'true' }, maxBuffer: 2 ** 24 }).catch(
    (error: unknown) => {
      rmSync(base, { recursive: true, force: true });
      throw error;
    },
  );
  await run('chmod', ['-R', 'a-w', tree]);
  const bin = join(base, 'bin');
  mkdirSync(bin);
  copyFileSync(process.execPath, join(bin, 'node'));
  chmodSync(join(bin, 'node'), 0o755);
  const running = new Set<ChildProcess>();
  let count = 0;
  const folder = (name: string): string => {
    const path = join(base, `${name}-${++count}`);
    mkdirSync(path, { mode: 0o700 });
    if (isRoot) chownSync(path, USER, USER);
    return path;
  };
  return {
    tree,
    folder,
    start(command, given) {
      const env = { PATH: `${bin}:/usr/bin:/bin`, TMPDIR: folder('tmp'), ...given };
      const [program = '', ...args] = isRoot ? [...asUser(), ...command] : command;
      const child = spawn(program, args, { cwd: tree, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
      running.add(child);
      return containerOf(child, env, command[0] ?? '');
    },
    async remove() {
      for (const child of running) {
        try {
          if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
        } catch {
          // It ended.
        }
      }
      await run('chmod', ['-R', 'u+w', base]);
      rmSync(base, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

const asUser = (): string[] => ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups', '--bounding-set=-all', '--no-new-privs', '--'];

function containerOf(child: ChildProcess, env: Readonly<Record<string, string>>, role: string): Container {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (more: string) => (text += more));
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return {
    output: () => text,
    ended,
    pid: child.pid ?? 0,
    async healthy() {
      for (;;) {
        if (child.exitCode !== null) throw new Error(`${role} ended with ${child.exitCode}:\n${text}`);
        if (
          await run(role, ['health'], { env }).then(
            () => true,
            () => false,
          )
        )
          return;
        await sleep(200);
      }
    },
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
