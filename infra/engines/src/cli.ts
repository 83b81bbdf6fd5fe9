// `npm run engines`: gets and starts Kafka, Redis, RabbitMQ and Postgres as local processes that outlive this command, and looks after
// them from any shell. What is named by a URL and answers is used as it is and never touched. Run with --help for its words.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DataFolderInUse, lockDataFolder } from '@parley/postgres/launcher';
import { localEngines } from './config.ts';
import type { EngineName } from './engine.ts';
import { bring } from './local/install.ts';
import { enginesOf, type LocalEngine, type Profile, profileOf } from './local/local-engines.ts';
import { isReachable, withoutPassword } from './local/reachable.ts';
import { type EngineStatus, lineOf, statusOf, statusOfGiven } from './local/status.ts';
import { writeWhole } from './process/engine-folder.ts';
import { runningIn } from './process/engine-process.ts';

const HELP = `npm run engines                             start what does not run yet
npm run engines -- --kafka-brokers 3        with three Kafka brokers (a folder of its own: PARLEY_ENGINES=...)
npm run engines -- status [--json]
npm run engines -- stop
npm run engines -- kill|stop|start|restart|pause|resume <kafka|kafka-2|redis|rabbitmq|postgres>
Engines that run already are used when KAFKA_BROKERS, REDIS_URL, RABBITMQ_URL or DATABASE_ADMIN_URL names them.
Data and addresses: .parley-engines/ (or PARLEY_ENGINES), addresses with passwords in engines.env there.`;

const VARIABLES: Readonly<Record<EngineName, string>> = {
  kafka: 'KAFKA_BROKERS',
  redis: 'REDIS_URL',
  rabbitmq: 'RABBITMQ_URL',
  postgres: 'DATABASE_ADMIN_URL',
};
const NAMES = Object.keys(VARIABLES) as EngineName[];

const settings = localEngines(fileURLToPath(new URL('../../..', import.meta.url)));
const say = (text: string): void => console.log(text);

async function start(brokers: 1 | 3 | undefined): Promise<number> {
  const given = await answering();
  const profile = await profileOf(settings.folder, brokers);
  const ours = enginesOf(settings.folder, profile).filter(({ name }) => given[name] === undefined);
  await bring([...new Set(ours.map(({ name }) => name))], say);
  for (const name of NAMES) if (given[name] !== undefined) say(`${name.padEnd(10)} using the one at ${withoutPassword(given[name])}`);
  // Together: three brokers wait for each other.
  const results = await Promise.allSettled(ours.map(startOne));
  const failed = results.filter((result) => result.status === 'rejected');
  for (const { reason } of failed) console.error(reason instanceof Error ? reason.message : String(reason));
  if (failed.length > 0) return 1;
  await writeAddresses(given, ours, profile);
  for (const one of await statuses(given, ours)) say(lineOf(one));
  say(`Addresses: ${join(settings.folder, 'engines.env')}`);
  return 0;
}

/** What the last start wrote into engines.env. */
function noted(): ReadonlyMap<string, string> {
  const file = join(settings.folder, 'engines.env');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** What is named by a URL and answers. What is named and does not answer is said, and one of ours started in its place. */
async function answering(): Promise<Partial<Record<EngineName, string>>> {
  const found: Partial<Record<EngineName, string>> = {};
  const own = noted();
  for (const name of NAMES) {
    const url = settings.given[name];
    // Our own address comes back to us from a shell that has read engines.env.
    if (url === undefined || (url === own.get(VARIABLES[name]) && existsSync(join(settings.folder, name)))) continue;
    if (await isReachable(url)) found[name] = url;
    else say(`${name.padEnd(10)} nobody answers at ${VARIABLES[name]}=${withoutPassword(url)}: starting one here`);
  }
  return found;
}

async function startOne(local: LocalEngine): Promise<void> {
  const before = runningIn(local.folder);
  if (before !== null) return say(`${local.id.padEnd(10)} already running`);
  say(`${local.id.padEnd(10)} starting`);
  const engine = await local.open(true);
  await engine.start();
}

async function writeAddresses(given: Partial<Record<EngineName, string>>, ours: readonly LocalEngine[], profile: Profile): Promise<void> {
  const lines = await Promise.all(
    NAMES.map(async (name) => {
      const engines = await Promise.all(ours.filter((one) => one.name === name).map((one) => one.open()));
      return `${VARIABLES[name]}=${given[name] ?? engines.map((engine) => engine.url).join(',')}`;
    }),
  );
  lines.push(`KAFKA_PROFILE=${profile.brokers === 3 ? 'three' : 'one'}`);
  writeWhole(join(settings.folder, 'engines.env'), `${lines.join('\n')}\n`);
}

const statuses = (given: Partial<Record<EngineName, string>>, ours: readonly LocalEngine[]): Promise<readonly EngineStatus[]> =>
  Promise.all([...NAMES.flatMap((name) => (given[name] === undefined ? [] : [statusOfGiven(name, given[name])])), ...ours.map(statusOf)]);

/** Those that the last start took as they were: their addresses are in engines.env and no folder of ours is behind them. */
function takenBefore(all: readonly LocalEngine[]): Partial<Record<EngineName, string>> {
  const pairs = noted();
  return Object.fromEntries(
    NAMES.filter((name) => !all.some((one) => one.name === name && existsSync(one.folder))).flatMap((name) => {
      const url = pairs.get(VARIABLES[name]);
      return url ? [[name, url]] : [];
    }),
  );
}

async function status(json: boolean): Promise<number> {
  if (!existsSync(join(settings.folder, 'profile.json'))) {
    say(json ? '[]' : `No engines were started in ${settings.folder}: npm run engines`);
    return 1;
  }
  const all = enginesOf(settings.folder, await profileOf(settings.folder, undefined));
  const given = takenBefore(all);
  const found = await statuses(
    given,
    all.filter(({ name }) => given[name] === undefined),
  );
  say(json ? JSON.stringify(found, null, 2) : found.map(lineOf).join('\n'));
  return found.every(({ state }) => state === 'running' || state === 'elsewhere') ? 0 : 1;
}

/** `which`: an engine, one broker, or all when not given. */
async function toEngines(verb: string, which: string | undefined): Promise<number> {
  const all = enginesOf(settings.folder, await profileOf(settings.folder, undefined));
  const chosen = all.filter((one) => (which === undefined || one.id === which || one.name === which) && existsSync(one.folder));
  if (chosen.length === 0 && which !== undefined) {
    console.error(`There is no engine ${which} in ${settings.folder}.`);
    return 1;
  }
  await Promise.all(
    chosen.map(async (local) => {
      const engine = await local.open();
      const before = runningIn(local.folder);
      if (verb === 'restart' || verb === 'stop') await engine.stop();
      if (verb === 'kill') await engine.kill();
      if (verb === 'restart' || verb === 'start') await engine.start();
      if (verb === 'pause') engine.pause();
      if (verb === 'resume') engine.resume();
      say(
        `${local.id.padEnd(10)} ${before === null ? 'did not run' : `was pid ${before.pid}`}${engine.pid === 0 ? '' : `, is pid ${engine.pid}`}: ${verb} done`,
      );
    }),
  );
  return 0;
}

async function main(): Promise<number> {
  const options = { json: { type: 'boolean', default: false }, 'kafka-brokers': { type: 'string' }, help: { type: 'boolean', default: false } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [verb = 'up', which] = positionals;
  const brokers = values['kafka-brokers'];
  const isOneEngine = ['kill', 'restart', 'pause', 'resume', 'start'].includes(verb) && which !== undefined;
  if (values.help || !(['up', 'status', 'stop'].includes(verb) || isOneEngine) || !['1', '3', undefined].includes(brokers)) {
    say(HELP);
    return values.help ? 0 : 2;
  }
  if (verb === 'status') return status(values.json);
  await profileOf(settings.folder, undefined === brokers ? undefined : brokers === '3' ? 3 : 1);
  const lock = lockDataFolder(settings.folder);
  try {
    return verb === 'up' ? await start(brokers === undefined ? undefined : brokers === '3' ? 3 : 1) : await toEngines(verb, which);
  } finally {
    lock.release();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const busy = error instanceof DataFolderInUse ? `Another command is at work on the engines (process ${error.pid}). Try again when it is done.` : null;
  console.error(busy ?? (error instanceof Error ? error.message : String(error)));
  process.exitCode = 1;
}
