// Redis as a local process. Keeps an append-only file, so that a restart finds what was there; never evicts, never listens beyond the loopback.
import { join } from 'node:path';
import { baseEnv } from './config.ts';
import type { Engine, EngineOptions } from './engine.ts';
import { passwordOf, portsOf, writeWhole } from './process/engine-folder.ts';
import { createEngineProcess } from './process/engine-process.ts';
import { makeEngine, starting } from './process/make-engine.ts';

const configOf = (folder: string, port: number, password: string): string => `bind 127.0.0.1
port ${port}
protected-mode yes
requirepass ${password}
daemonize no
dir "${folder}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
tcp-backlog 128
`;

/** The engine of a folder, running or not: starts nothing. */
export async function openRedis({ folder, port: wanted, detached = false }: EngineOptions): Promise<Engine> {
  const [port = 0] = await portsOf(folder, ['redis'], wanted);
  const password = passwordOf(folder);
  const config = join(folder, 'redis.conf');
  const running = createEngineProcess({
    name: 'redis',
    folder,
    detached,
    stopSignal: 'SIGTERM',
    plan: async () => {
      writeWhole(config, configOf(folder, port, password));
      return { command: ['redis-server', config], env: baseEnv(), ready: /Ready to accept connections/ };
    },
  });
  return makeEngine('redis', `redis://:${password}@127.0.0.1:${port}`, running);
}

/** Throws EngineFailed. */
export const startRedis = starting(openRedis);
