// Centrifugo as a baseline, where PARLEY_BENCH_CENTRIFUGO names a binary: anonymous clients, its memory or its Redis engine, otherwise as it comes. It is
// another project's program: who wants these rows builds or fetches it; nothing of it is kept here.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { passingFolder } from '@parley/engines/testing';
import { endWithUs, stopChild, type Target } from './start.ts';

const BINARY = process.env.PARLEY_BENCH_CENTRIFUGO ?? '';
const START_MS = 10_000;

/** Why it cannot be run, or null. */
export const centrifugoMissing = (): string | null =>
  BINARY === ''
    ? 'PARLEY_BENCH_CENTRIFUGO names no binary of Centrifugo'
    : existsSync(BINARY)
      ? null
      : 'PARLEY_BENCH_CENTRIFUGO names a file that is not there';

/** It cannot be told port 0: one that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** Throws when it ends or does not listen in 10 s. */
export async function startCentrifugo({ redisUrl, cpu }: { redisUrl?: string; cpu?: number }): Promise<Target> {
  const folder = passingFolder('parley-centrifugo-');
  const port = await freePort();
  const config = {
    http_server: { address: '127.0.0.1', port },
    client: { insecure: true, allowed_origins: ['*'] },
    channel: { without_namespace: { allow_subscribe_for_client: true, allow_publish_for_client: true } },
    engine: redisUrl === undefined ? { type: 'memory' } : { type: 'redis', redis: { address: redisUrl } },
    log: { level: 'error' },
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  const command = [...(cpu === undefined ? [] : ['taskset', '-c', String(cpu)]), BINARY, '--config', join(folder, 'config.json')];
  const child = endWithUs(spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'ignore', 'inherit'] }));
  const stop = async (): Promise<void> => {
    await stopChild(child);
    await rm(folder, { recursive: true, force: true });
  };
  const until = performance.now() + START_MS;
  while (!(await isOpen(port))) {
    if (child.exitCode !== null || performance.now() > until) {
      await stop();
      throw new Error('Centrifugo did not start.');
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  return { port, pid: child.pid ?? 0, stop };
}
