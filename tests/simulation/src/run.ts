// Runs seeds from the command line: node tests/simulation/src/run.ts --seeds 1000 --from 0 --json
// Ends with code 1 when a seed failed; each failing seed is told with how to run it alone.
import { parseArgs } from 'node:util';
import { formatReport } from '@parley/checker';
import { runSeed, type SimOptions } from './run-seed.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
  },
});

/** --trace: every accident, HTTP call and record of the run, for who looks for a bug. */
const tracing: SimOptions = {
  onNote: (at, what) => console.log(`${Math.round(at)} # ${what}`),
  onHttp: (at, what) => console.log(`${Math.round(at)} HTTP ${what}`),
  onRecord: (record) => console.log('t' in record ? record.t.toFixed(1) : '-', JSON.stringify(record)),
};

const from = Number(values.from);
const until = from + Number(values.seeds);
const started = performance.now();
let failed = 0;
for (let seed = from; seed < until; seed++) {
  const result = await runSeed(seed, values.trace ? tracing : {});
  if (!result.ok) failed++;
  if (values.json) console.log(JSON.stringify(result));
  else if (!result.ok)
    console.log(`seed ${seed} failed (${result.unrest ?? 'at rest'}); alone: --from ${seed} --seeds 1 --trace\n${formatReport(result.report)}`);
}
const seconds = (performance.now() - started) / 1000;
if (!values.json) console.log(`${until - from} seeds, ${failed} failed, ${seconds.toFixed(1)} s`);
process.exitCode = failed === 0 ? 0 : 1;
