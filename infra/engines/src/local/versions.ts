// Which version an engine is, in its own words.
import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { postgresVersion } from '@parley/postgres/launcher';
import type { EngineName } from '../engine.ts';
import { KAFKA_VERSION } from '../kafka-jars.ts';
import { findRabbitmq } from '../rabbitmq.ts';

/** Null when it is not installed. */
export async function versionOf(name: EngineName): Promise<string | null> {
  try {
    switch (name) {
      case 'kafka':
        return KAFKA_VERSION;
      case 'redis':
        return /v=(\S+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }))?.[1] ?? null;
      case 'rabbitmq':
        // Asking it would take a second Erlang: its folder bears the version.
        return /(?:rabbitmq_server-|rabbitmq\/)(\d[\d.]*)/.exec(realpathSync(findRabbitmq() ?? ''))?.[1] ?? null;
      case 'postgres':
        return await postgresVersion();
    }
  } catch {
    return null;
  }
}
