// RabbitMQ as a local process: Debian's own script with folders, ports and a name of ours, beside whatever else runs on the machine.
// Its epmd is ours too, in the foreground of the same group, so that it ends with it. Never listens beyond the loopback.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { baseEnv } from './config.ts';
import type { Engine, EngineOptions } from './engine.ts';
import { passwordOf, portsOf, writeWhole } from './process/engine-folder.ts';
import { createEngineProcess } from './process/engine-process.ts';
import { makeEngine, starting } from './process/make-engine.ts';

/** The script itself: the one in /usr/sbin changes the user first. */
const SCRIPTS = ['/usr/lib/rabbitmq/bin/rabbitmq-server', '/opt/homebrew/sbin/rabbitmq-server', '/usr/local/sbin/rabbitmq-server'];
export const findRabbitmq = (): string | undefined => SCRIPTS.find(existsSync);

const USER = 'parley';
const RUN = 'epmd -port "$ERL_EPMD_PORT" -address 127.0.0.1 & exec "$@"';

const configOf = (port: number, password: string): string => `listeners.tcp.1 = 127.0.0.1:${port}
default_user = ${USER}
default_pass = ${password}
default_user_tags.administrator = true
loopback_users.${USER} = true
log.console = true
log.console.level = info
log.file = false
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.absolute = 512MiB
`;

/** The engine of a folder, running or not: starts nothing. */
export async function openRabbitmq({ folder, port: wanted, detached = false }: EngineOptions): Promise<Engine> {
  const [port = 0, distribution = 0, epmd = 0] = await portsOf(folder, ['rabbitmq', 'distribution', 'epmd'], wanted);
  const password = passwordOf(folder);
  const running = createEngineProcess({
    name: 'rabbitmq',
    folder,
    detached,
    stopSignal: 'SIGTERM',
    plan: async () => {
      const script = findRabbitmq();
      if (script === undefined) throw new Error('rabbitmq-server is not installed.');
      for (const name of ['data', 'log', 'home']) mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
      writeWhole(join(folder, 'rabbitmq.conf'), configOf(port, password));
      writeWhole(join(folder, 'enabled_plugins'), '[].\n');
      writeWhole(join(folder, 'rabbitmq-env.conf'), '');
      const env = { ...baseEnv(), ...environment(folder, distribution, epmd) };
      return { command: ['/bin/sh', '-c', RUN, 'parley-rabbitmq', script], env, ready: /Server startup complete/ };
    },
  });
  return makeEngine('rabbitmq', `amqp://${USER}:${password}@127.0.0.1:${port}`, running);
}

/** Throws EngineFailed. */
export const startRabbitmq = starting(openRabbitmq);

const environment = (folder: string, distribution: number, epmd: number): Record<string, string> => ({
  HOME: join(folder, 'home'),
  // Else a broker that is killed while it starts leaves its dump where the command was given.
  ERL_CRASH_DUMP: join(folder, 'log', 'erl_crash.dump'),
  // The script then becomes the engine instead of waiting for it, so that signals reach it.
  detached: '1',
  // At localhost: the name is part of the data's path, and the machine's name may change.
  RABBITMQ_NODENAME: 'parley@localhost',
  RABBITMQ_CONF_ENV_FILE: join(folder, 'rabbitmq-env.conf'),
  RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
  RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
  RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
  RABBITMQ_MNESIA_BASE: join(folder, 'data'),
  RABBITMQ_LOG_BASE: join(folder, 'log'),
  RABBITMQ_LOGS: '-',
  RABBITMQ_PID_FILE: join(folder, 'rabbitmq.pid'),
  RABBITMQ_DIST_PORT: String(distribution),
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
  ERL_EPMD_PORT: String(epmd),
  ERL_EPMD_ADDRESS: '127.0.0.1',
});
