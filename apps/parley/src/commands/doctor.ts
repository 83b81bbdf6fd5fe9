// `parley doctor`: looks at everything that can stop Parley here, and says what to do. Changes nothing. Exits with 1 when something is wrong.

import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { Setup } from '@parley/protocol';
import { type Config, configFromEnv } from '../config.ts';
import { explain } from '../explain.ts';
import { webRoot } from '../web-root.ts';

interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly said: string;
}

const DISK_MIN_BYTES = 500 * 1024 * 1024;

export async function doctor(options: { url?: string; json?: boolean }): Promise<void> {
  const findings: Finding[] = [];
  const look = async (what: string, test: () => Promise<string> | string): Promise<void> => {
    try {
      findings.push({ what, ok: true, said: await test() });
    } catch (error) {
      findings.push({ what, ok: false, said: explain(error) });
    }
  };
  await look('runtime', runtime);
  let config: Config | null = null;
  await look('settings', () => {
    config = configFromEnv();
    return 'every setting can be used';
  });
  await look('web client', async () => {
    await access(join(webRoot, 'index.html')).catch(() => complain('the page is not built: npm run build'));
    return 'built';
  });
  await look('Postgres', postgresBinaries);
  if (config !== null) await lookAtData(config, look);
  if (options.url !== undefined) await look('running Parley', () => askRunning(options.url as string));
  if (options.json === true) console.log(JSON.stringify({ ok: findings.every((finding) => finding.ok), findings }));
  else for (const finding of findings) console.log(`${finding.ok ? 'ok   ' : 'WRONG'}  ${finding.what.padEnd(14)} ${finding.said}`);
  if (findings.some((finding) => !finding.ok)) process.exitCode = 1;
}

const complain = (message: string): never => {
  throw Object.assign(new Error(message), { name: 'Finding' });
};

function runtime(): string {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  if (process.platform === 'linux' && report.header?.glibcVersionRuntime === undefined)
    complain('this Linux has no glibc (Alpine?): run the Debian-based image, or a glibc distribution');
  if (process.platform === 'win32') complain('Windows itself is not supported: run it in WSL');
  return `Node ${process.versions.node} on ${process.platform}-${process.arch}`;
}

async function postgresBinaries(): Promise<string> {
  const { postgresVersion } = await import('@parley/postgres');
  return `bundled, ${await postgresVersion()}`;
}

async function lookAtData(config: Config, look: (what: string, test: () => Promise<string> | string) => Promise<void>): Promise<void> {
  const folder = resolve(config.PARLEY_DATA);
  const existing = await stat(folder).then(
    () => folder,
    () => dirname(folder),
  );
  await look('data folder', async () => {
    if (!(await stat(existing)).isDirectory()) complain(`${existing} is a file: set PARLEY_DATA to a folder`);
    await access(existing, constants.W_OK | constants.X_OK);
    return existing === folder ? folder : `${folder} (will be made)`;
  });
  await look('disk', async () => {
    const { bavail, bsize } = await statfs(existing);
    const free = bavail * bsize;
    if (free < DISK_MIN_BYTES) complain(`only ${Math.round(free / 1e6)} MB free: make room, or set PARLEY_DATA to a larger disk`);
    return `${(free / 1e9).toFixed(1)} GB free`;
  });
  await look('port', () => portIsFree(config.PORT, config.HOST ?? '127.0.0.1'));
}

const portIsFree = async (port: number, host: string): Promise<string> => {
  try {
    const server = createServer().listen(port, host);
    await once(server, 'listening');
    server.close();
    return `${port} is free on ${host}`;
  } catch (error) {
    if ((error as { code?: string }).code === 'EADDRINUSE' && (await isParley(`http://127.0.0.1:${port}`)))
      return `${port} is taken by a Parley that runs: ask it with --url http://127.0.0.1:${port}`;
    throw error;
  }
};

const isParley = (url: string): Promise<boolean> =>
  fetch(new URL('/api/setup', url), { signal: AbortSignal.timeout(2000) })
    .then(async (answer) => Setup.safeParse(await answer.json()).success)
    .catch(() => false);

/** fetch hides the reason in `cause`. */
const reasonOf = (error: unknown): string => {
  const { cause, message } = error as Error;
  return cause instanceof Error ? ('code' in cause && String(cause.code)) || cause.message : message;
};

async function askRunning(url: string): Promise<string> {
  const answer = await fetch(new URL('/health/ready', url), { signal: AbortSignal.timeout(5000) }).catch((error: unknown) =>
    complain(`${url} does not answer (${reasonOf(error)}): check the address, and whether it runs`),
  );
  const health = (await answer.json().catch(() => complain(`${url} is not a Parley: it answers with something else`))) as { problems?: readonly unknown[] };
  const problems = health.problems ?? [];
  if (!answer.ok || problems.length > 0) complain(`${url} has problems: ${JSON.stringify(problems)}`);
  return `${url} is ready and well`;
}
