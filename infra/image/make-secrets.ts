// make-secrets.ts ENGINES SERVICES METRICS: the secrets of docker-compose.yml, made once, in three folders, so that no file in the repository
// holds one: for the engines and `parley migrate`; for the services, to each only what it uses; for who reads metrics. Changes none that is there.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [engines = '/engine-secrets', services = '/secrets', metrics = '/metrics-secrets'] = process.argv.slice(2);
const secret = (bytes = 24): string => randomBytes(bytes).toString('base64url');

/** Whole or not at all. Readable by the engine's own user where `mode` says so: only its container sees the folder. */
function write(folder: string, name: string, text: string, mode: number): void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(`${path}.new`, text, { mode });
  renameSync(`${path}.new`, path);
}

interface Kept {
  readonly postgres: string;
  readonly redis: string;
  readonly rabbitmq: string;
  readonly internalKey: string;
  readonly metricsToken: string;
  readonly setupCode: string;
}

function keep(): Kept {
  const path = join(engines, 'kept.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Kept;
  const made = { postgres: secret(), redis: secret(), rabbitmq: secret(), internalKey: secret(48), metricsToken: secret(), setupCode: secret(9) };
  write(engines, 'kept.json', JSON.stringify(made), 0o600);
  return made;
}

const kept = keep();
write(engines, 'postgres-password', kept.postgres, 0o444);
write(engines, 'valkey.conf', `requirepass ${kept.redis}\n`, 0o444);
write(engines, 'rabbitmq.conf', `default_user = parley\ndefault_pass = ${kept.rabbitmq}\n`, 0o444);
write(engines, 'migrate.env', `DATABASE_ADMIN_URL=postgres://postgres:${kept.postgres}@postgres:5432/postgres\n`, 0o600);
write(metrics, 'token', kept.metricsToken, 0o444);
// Every process's metrics are behind the token: Prometheus is on another machine, as they see it.
write(services, 'common.env', `INTERNAL_KEY=${kept.internalKey}\nMETRICS_TOKEN=${kept.metricsToken}\n`, 0o600);

const redis = `REDIS_URL=redis://:${kept.redis}@valkey:6379`;
const rabbitmq = `RABBITMQ_URL=amqp://parley:${kept.rabbitmq}@rabbitmq:5672`;
const own: Readonly<Record<string, readonly string[]>> = {
  accounts: [redis, `SETUP_CODE=${kept.setupCode}`],
  messages: [redis],
  gateway: [redis],
  edge: [redis],
  notifications: [redis, rabbitmq],
  media: [rabbitmq],
};
// `parley migrate --write-env` adds DATABASE_URL to these and leaves the other lines.
for (const [service, lines] of Object.entries(own))
  if (!existsSync(join(services, `${service}.env`))) write(services, `${service}.env`, `${lines.join('\n')}\n`, 0o600);

console.log(`The first account, which becomes the owner, is asked for this code: ${kept.setupCode}`);
