// Engines for test files: one of a kind for this test process, or the one of the whole run; and own ones, which a test may kill.
// All end with the process, whatever ends it, and their folders are removed then. Never used outside tests.
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedEngines } from './config.ts';
import type { Engine, EngineName, EngineOptions } from './engine.ts';
import { startKafka } from './kafka.ts';
import { startPostgres } from './postgres.ts';
import { startRabbitmq } from './rabbitmq.ts';
import { startRedis } from './redis.ts';

export { createDisk, cutPower, type Disk, missingPowerCut } from './power-cut/disk.ts';

// vitest may load this module once per test file in one process: the engines are the process's, not the module's.
const shared = globalThis as { parleyTestEngines?: Map<EngineName, Promise<Engine>> };

/** May be the whole run's: use a key prefix of your own, and never empty it. */
export const testRedis = async (): Promise<{ url: string }> => ({ url: sharedEngines().redis ?? (await once('redis', startRedis)).url });
/** May be the whole run's: use a topic prefix of your own. */
export const testKafka = async (): Promise<{ brokers: string }> => ({ brokers: sharedEngines().kafka ?? (await once('kafka', startKafka)).url });
/** May be the whole run's: use a queue prefix of your own. */
export const testRabbitmq = async (): Promise<{ url: string }> => ({ url: sharedEngines().rabbitmq ?? (await once('rabbitmq', startRabbitmq)).url });

/** Of this test alone: kill, pause and start it as you like, and stop it when done. */
export const ownRedis = (): Promise<Engine> => own('redis', startRedis);
export const ownKafka = (): Promise<Engine> => own('kafka', startKafka);
export const ownRabbitmq = (): Promise<Engine> => own('rabbitmq', startRabbitmq);
export const ownPostgres = (): Promise<Engine> => own('postgres', startPostgres);

type Start = (options: EngineOptions) => Promise<Engine>;

const own = (name: EngineName, start: Start): Promise<Engine> => start({ folder: passingFolder(`parley-test-${name}-`) });

function once(name: EngineName, start: Start): Promise<Engine> {
  shared.parleyTestEngines ??= new Map();
  const known = shared.parleyTestEngines.get(name) ?? own(name, start);
  shared.parleyTestEngines.set(name, known);
  return known;
}

/** A shell that outlives us removes the folder after our end: test runners end their workers in any way they like. */
export function passingFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  const script = 'read -r _; n=0; while [ -e "$1" ] && [ $n -lt 50 ]; do sleep 0.2; rm -rf "$1"; n=$((n+1)); done';
  const janitor = spawn('/bin/sh', ['-c', script, 'parley-janitor', folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  janitor.unref();
  (janitor.stdin as unknown as { unref(): void }).unref();
  return folder;
}
