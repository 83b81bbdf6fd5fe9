// What an engine needs and this machine lacks: installed after saying so, as root on a Debian; else said what to install.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { EngineName } from '../engine.ts';
import { bringJars } from '../kafka-jars.ts';
import { hasProgram, missing } from '../missing.ts';

const SCRIPT = fileURLToPath(new URL('../../../install-engines.sh', import.meta.url));

/** What Debian calls them. */
const PACKAGES: Readonly<Record<EngineName, string>> = {
  kafka: 'default-jre-headless maven',
  redis: 'redis-server',
  rabbitmq: 'rabbitmq-server',
  postgres: '',
};

export class CannotInstall extends Error {
  override readonly name = 'CannotInstall';
}

/** Throws CannotInstall with what to do. */
export async function bring(names: readonly EngineName[], say: (text: string) => void): Promise<void> {
  const lacking = names.filter((name) => missing(name) !== null);
  if (lacking.length === 0) return;
  if (lacking.includes('postgres')) throw new CannotInstall(`${missing('postgres')}. Run npm install without --omit=optional, or set DATABASE_ADMIN_URL.`);
  if (lacking.length === 1 && lacking[0] === 'kafka' && hasProgram('java') && hasProgram('mvn')) {
    say("kafka      bringing Kafka's jars with Maven (44 MB, once)");
    await bringJars();
    return;
  }
  const packages = lacking.map((name) => PACKAGES[name]).join(' ');
  const why = lacking.map((name) => `${name}: ${missing(name)}`).join('; ');
  if (!hasProgram('apt-get')) throw new CannotInstall(`${why}. Install what Debian calls ${packages}, or name engines by URL.`);
  if (process.getuid?.() !== 0) throw new CannotInstall(`${why}. Run as root: apt-get install --no-install-recommends ${packages}; or name engines by URL.`);
  say(`installing Debian packages (${packages}); their services are not started${lacking.includes('kafka') ? ", and Kafka's jars with Maven" : ''}`);
  await runScript(lacking);
  const still = lacking.filter((name) => missing(name) !== null);
  if (still.length > 0) throw new CannotInstall(`After installing, still: ${still.map((name) => `${name}: ${missing(name)}`).join('; ')}.`);
}

function runScript(names: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', [SCRIPT, ...names], { stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new CannotInstall(`The installation ended with ${code}.`))));
  });
}
