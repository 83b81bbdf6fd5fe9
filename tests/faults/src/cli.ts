// `npm run faults`: --list, or the faults that are named (all of them without a name) on a cluster of their own. One line for each thing that
// happens, one JSON object with --json; the exit code says whether everything held. The seed that is printed repeats the run's choices.
import { parseArgs } from 'node:util';
import { FAULTS, type Fault, type FaultResult, isForRelease, LOAD, missingEngines, missingNeed, openStage, runFault, type Stage } from './index.ts';

const HELP = `npm run faults -- --list
npm run faults -- F2 --seed 7 --json
  [id...]          which; without: all that this machine can run
  --seed <n>       default: one that chance picks, printed
  --long           every variant, longer outages (as npm run verify:release does)
  --times <n>      each so often, with the seeds that follow
  --people, --rooms, --rate <n>   the load: default ${LOAD.people} people, ${LOAD.rooms} rooms, ${LOAD.rate} messages a second
  --logs <folder>  keep the cluster's logs there
  --json           one object at the end, nothing else on stdout`;

const options = {
  list: { type: 'boolean', default: false },
  seed: { type: 'string' },
  long: { type: 'boolean', default: false },
  times: { type: 'string', default: '1' },
  people: { type: 'string' },
  rooms: { type: 'string' },
  rate: { type: 'string' },
  logs: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const { values, positionals } = parseArgs({ options, allowPositionals: true });
const say = (text: string): void => void process.stderr.write(`${text}\n`);

const whyNot = (fault: Fault): string | null => (fault.needs ?? []).map(missingNeed).find((why) => why !== null) ?? null;

function list(): void {
  if (values.json) {
    console.log(
      JSON.stringify(
        FAULTS.map((fault) => ({ id: fault.id, name: fault.name, needs: fault.needs ?? [], release: isForRelease(fault.needs ?? []), missing: whyNot(fault) })),
      ),
    );
    return;
  }
  for (const fault of FAULTS) {
    const why = whyNot(fault);
    const when = isForRelease(fault.needs ?? []) ? '  (verify:release)' : '';
    console.log(`${fault.id.padEnd(4)} ${fault.name}${when}${why === null ? '' : `  not here: ${why}`}`);
  }
}

const number = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`${text} is not a whole number.`);
  return value;
};

function chosen(): readonly Fault[] {
  if (positionals.length === 0) return FAULTS.filter((fault) => whyNot(fault) === null);
  return positionals.map((id) => {
    const fault = FAULTS.find((one) => one.id.toLowerCase() === id.toLowerCase());
    if (fault === undefined) throw new Error(`There is no fault ${id}: npm run faults -- --list`);
    const why = whyNot(fault);
    if (why !== null) throw new Error(`${fault.id} cannot be run here: ${why}.`);
    return fault;
  });
}

function report(result: FaultResult): void {
  const { id, name, seed, ok, problems, figures, seconds } = result;
  say(`${ok ? 'ok  ' : 'FAIL'} ${id} ${name} (seed ${seed}, ${seconds} s)`);
  const { messages, expected, lost, duplicated, outOfOrder, gaps, unresolved, reconnects } = result;
  say(
    `     ${messages} messages, ${expected} deliveries: lost ${lost}, duplicated ${duplicated}, out of order ${outOfOrder}, unseen gaps ${gaps}, without result ${unresolved}; reconnects ${reconnects}`,
  );
  for (const { name: what, value, unit, most, least } of figures)
    say(
      `     ${what}: ${value} ${unit === 'count' ? '' : unit}${most === undefined ? '' : ` (at most ${most})`}${least === undefined ? '' : ` (at least ${least})`}`,
    );
  for (const problem of problems) say(`   ! ${problem}`);
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.list) {
    list();
    return 0;
  }
  const why = missingEngines();
  if (why !== null) throw new Error(`There is no cluster without its engines: ${why}.`);
  const faults = chosen();
  const first = number(values.seed) ?? crypto.getRandomValues(new Uint16Array(1))[0] ?? 1;
  const load = Object.fromEntries(
    Object.entries({ people: number(values.people), rooms: number(values.rooms), rate: number(values.rate) }).filter(([, value]) => value !== undefined),
  );
  const results: FaultResult[] = [];
  let stage: Promise<Stage> | null = null;
  const warm = (): Promise<Stage> => {
    stage ??= openStage({ say, ...(values.logs === undefined ? {} : { folder: values.logs, logLevel: 'info' }) });
    return stage;
  };
  try {
    for (const fault of faults)
      for (let time = 0; time < Number(values.times); time++) {
        const seed = first + time;
        say(`     ${fault.id} ${fault.name}: npm run faults -- ${fault.id} --seed ${seed}${values.long ? ' --long' : ''}`);
        const result = await runFault(fault, warm, { seed, load, long: values.long, step: (text) => say(`     . ${text}`) });
        results.push(result);
        report(result);
      }
  } finally {
    await (stage as Promise<Stage> | null)?.then((one) => one.stop());
  }
  const ok = results.every((result) => result.ok);
  if (values.json) console.log(JSON.stringify({ ok, results }));
  return ok ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  say(`faults: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
