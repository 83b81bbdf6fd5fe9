// `parley`: the commands and their options. Each command lives in its own file and is loaded only when it is called.
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { explain } from './explain.ts';

const int = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('It must be a whole number, such as 2.');
  return value;
};
const positive = (text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number above 0, such as 200.');
  return value;
};
const countable = (text: string): number => {
  const value = int(text);
  if (value === 0) throw new InvalidArgumentError('It must be at least 1.');
  return value;
};
/** `60s`, `500ms`, `2m`, or plain seconds. In ms. */
const duration = (text: string): number => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  if (match === null) throw new InvalidArgumentError('It must be a time, such as 500ms, 60s or 2m.');
  return Number(match[1]) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[(match[2] ?? 's') as 'ms' | 's' | 'm' | 'h'];
};

const address = (text: string): string => {
  if (!/^https?:$/.test(URL.parse(text)?.protocol ?? '')) throw new InvalidArgumentError('It must be an address, such as http://127.0.0.1:8080.');
  return text;
};

const program = new Command('parley')
  .description('Parley: chat in which nothing that was acknowledged is lost, doubled or reordered.')
  .version('0.1.0')
  .showHelpAfterError('(add --help to see what there is)');

program
  .command('start')
  .description('Starts everything in this one process. Settings come from the environment: docs/config.md.')
  .option('--json', 'say that it is ready as one line of JSON')
  .action(async (options: { json?: boolean }) => (await import('./commands/start.ts')).start(options));

const importing = program.command('import').description('Takes in conversations of other systems.');
importing
  .command('irc')
  .description('One room for each log, its people, its messages with their times, and reply links where FILE.annotation.txt is beside FILE.raw.txt.')
  .argument('<file...>', 'IRC logs')
  .option('--url <url>', 'a running Parley', address, 'http://127.0.0.1:8080')
  .requiredOption('--as <handle>', "the owner's handle; the password is asked for, or read from PARLEY_PASSWORD")
  .option('--json', 'one object at the end')
  .action(async (files: string[], options) => (await import('./commands/import-irc.ts')).importIrc(files, options));

const replaying = program.command('replay').description('Lives conversations through again, with real clients.');
replaying
  .command('irc')
  .description('Every nick is a signed-in client on its own socket; the checker then looks for anything lost, doubled or out of order.')
  .argument('<file...>', 'IRC logs')
  .option('--speed <n>', 'times as fast as it was', positive, 1)
  .addOption(new Option('--max-silence <time>', 'shorten longer pauses in a log to this').argParser(duration).default(60_000, '60s'))
  .option('--url <url>', 'a running Parley; without it a private one is started in a temporary folder', address)
  .option('--load-key <key>', 'with --url: keeps rate limits out of it (an owner makes one: POST /api/load-keys)')
  .addOption(new Option('--kill <n>', 'kill the private server with -9 and restart it n times on the way').argParser(int).default(0).conflicts('url'))
  .option('--history <file>', 'keep the whole history as JSON lines (message text included)')
  .option('--json', 'one object at the end, no progress bar')
  .action(async (files: string[], options) => (await import('./commands/replay-irc.ts')).replayIrc(files, options));

const jobs = program
  .command('jobs')
  .description(
    'Jobs that were given up after their last try: those of RABBITMQ_URL (and RABBITMQ_PREFIX) where it is set, else those of the data folder (PARLEY_DATA), running or not.',
  );
const queueOption = (): Option => new Option('--queue <name...>', 'only these queues; without it all that Parley has');
jobs
  .command('list')
  .description('Shows them, oldest first, with the reason. Never what is in them.')
  .addOption(queueOption())
  .addOption(new Option('--limit <n>', 'of each queue').argParser(int).default(100))
  .option('--json', 'one object')
  .action(async (options) => (await import('./commands/jobs.ts')).listJobs(options));
jobs
  .command('retry')
  .description('Puts them back, with all their tries. Name them, or say --all.')
  .argument('[id...]', 'as `parley jobs list` shows them')
  .addOption(queueOption())
  .option('--all', 'every one')
  .option('--json', 'one object')
  .action(async (ids: string[], options) => (await import('./commands/jobs.ts')).retryJobs(ids, options));

program
  .command('cluster')
  .description('Starts every service as a process of its own, on the engines that `npm run engines` started or that the environment names.')
  .addArgument(new Argument('[action]', 'what to do').choices(['start', 'status', 'kill', 'restart', 'pause', 'resume', 'stop']).default('start'))
  .argument('[name]', 'a process, such as gateway-1; `kill` also takes gateway-1/2 (a worker) and gateway-1/primary')
  .option('--gateways <n>', 'how many', countable, 2)
  .option('--workers <n>', 'of each gateway', countable, 2)
  .option('--messages <n>', 'how many', countable, 2)
  .option('--folder <folder>', 'logs, keys and state (default: .parley-cluster)')
  .option('--host <address>', 'where the page listens', '127.0.0.1')
  .option('--port <port>', 'of the page; 0 takes a free one', int, 8080)
  .option('--prefix <word>', 'keeps it apart from other clusters on the same engines')
  .option('--foreground', 'stay; Ctrl-C ends all of it')
  .option('--json', 'one object')
  .action(async (action, name, options) => (await import('./commands/cluster.ts')).cluster(action, name, options));

const log = program
  .command('log')
  .description(
    'Commands that could not be decided (dead letters): those of Kafka where --brokers or KAFKA_BROKERS says so, else those of the data folder (PARLEY_DATA), running or not.',
  );
const brokersOption = (): Option => new Option('--brokers <host:port,...>', 'where Kafka is; KAFKA_TOPIC_PREFIX as the services have it');
log
  .command('dead')
  .description('Shows them, oldest first, with the reason. Never what is in them.')
  .addOption(brokersOption())
  .option('--json', 'one object')
  .action(async (options) => (await import('./commands/log.ts')).listDead(options));
log
  .command('replay-dead')
  .description('Puts them back into the log, as they were: after what made them fail was mended.')
  .addOption(brokersOption())
  .option('--json', 'one object')
  .action(async (options) => (await import('./commands/log.ts')).replayDead(options));

program
  .command('migrate')
  .description(
    'Brings what a cluster keeps its data in up to date, as a job of its own: a database for each service with a role that may do no more than it must ' +
      '(DATABASE_ADMIN_URL says where; ACCOUNTS_DB_PASSWORD and the like are the passwords, else they are made), and the topics where KAFKA_BROKERS is set.',
  )
  .option('--write-env <folder>', "keep each service's DATABASE_URL in <folder>/<service>.env (0600) instead of printing it")
  .option('--json', 'one object at the end')
  .action(async (options: { json?: boolean; writeEnv?: string }) => (await import('./commands/migrate.ts')).migrate(options));

program
  .command('trace')
  .description('One message that is followed, hop by hop: accepted, logged, committed, published, written to which sockets by which worker, pushed.')
  .argument('<what>', '<room>/<seq>, a client id, or a trace id')
  .option('--folder <folder>', 'of a cluster, or a data folder (default: the cluster here, and PARLEY_DATA)')
  .option('--json', 'one object')
  .action(async (what: string, options) => (await import('./traces/trace.ts')).trace(what, options));

program
  .command('sagas')
  .description('What several services do together (erasures, imports): how far each is, and what it waits for.')
  .option('--url <url>', 'a running Parley', address, 'http://127.0.0.1:8080')
  .requiredOption('--as <handle>', "the owner's handle; the password is asked for, or read from PARLEY_PASSWORD")
  .option('--open', 'only those that have not ended')
  .option('--json', 'one object')
  .action(async (options) => (await import('./commands/sagas.ts')).sagas(options));

program
  .command('rooms')
  .description('The rooms that cost a running Parley most in the last minute: time of its processor, and bytes. Rooms by their id, never what is said there.')
  .requiredOption('--cost', 'what they cost')
  .option('--url <url>', 'the one process, or the admin address of a gateway', address, 'http://127.0.0.1:8080')
  .addOption(new Option('--metrics-token <token>', 'for one on another machine').env('METRICS_TOKEN'))
  .option('--json', 'one object')
  .action(async (options) => (await import('./rooms/room-costs.ts')).roomCosts(options));

const load = program.command('load').description('What load runs (k6 run load/…) and benches (npm run bench) measured.');
load
  .command('diff')
  .description(
    'Each figure of two results, its change, and whether that is more than noise. Exits with 1 when something was lost, doubled, reordered or missed in B.',
  )
  .argument('<a>', 'a JSON file of load/results, or one of `npm run bench -- --keep`')
  .argument('<b>', 'another of the same kind')
  .option('--anyway', 'compare other scenarios or settings too')
  .option('--json', 'one object')
  .action(async (a: string, b: string, options) => (await import('./load/command.ts')).loadDiff(a, b, options));
load
  .command('table')
  .description('The results of scenarios in a folder as Markdown: a table for each machine, with the command that made each line.')
  .argument('<folder>', 'such as load/results')
  .action(async (folder: string) => (await import('./load/command.ts')).showLoadTable(folder));

program
  .command('demo')
  .description('Starts a Parley of its own with two people, a bot that answers and some history. Not for production.')
  .action(async () => (await import('./commands/demo.ts')).demo());

program
  .command('doctor')
  .description('Looks for what is wrong here and says how to mend it.')
  .option('--url <url>', 'also ask a running Parley', address)
  .option('--json', 'one object')
  .action(async (options: { url?: string; json?: boolean }) => (await import('./commands/doctor.ts')).doctor(options));

program.parseAsync().catch((error: unknown) => {
  console.error(`parley: ${explain(error)}`);
  process.exit(1);
});
