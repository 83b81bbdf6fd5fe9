// `npm run faults:replay -- <log...>`: IRC logs lived through again on a cluster of its own while its processes die in turn. Exits with 1
// when anything was lost, doubled, out of order, missed without being noticed, or accepted without a result.
import { parseArgs } from 'node:util';
import { missingEngines, openStage } from './index.ts';
import { replayUnderFaults } from './replay-under-faults.ts';

const options = {
  seed: { type: 'string', default: '1' },
  speed: { type: 'string', default: '100' },
  'max-silence': { type: 'string', default: '60' },
  pause: { type: 'string', default: '30' },
  logs: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const { values, positionals: files } = parseArgs({ options, allowPositionals: true });
const why = missingEngines();
if (files.length === 0 || why !== null) {
  say(why ?? 'npm run faults:replay -- <log...> [--seed 1] [--speed 100] [--max-silence 60] [--pause 30] [--logs <folder>] [--json]');
  process.exit(2);
}
const began = performance.now();
const stage = await openStage({ say, ...(values.logs === undefined ? {} : { folder: values.logs }) });
try {
  const result = await replayUnderFaults(stage, {
    files,
    seed: Number(values.seed),
    speed: Number(values.speed),
    maxSilenceMs: Number(values['max-silence']) * 1_000,
    pauseMs: Number(values.pause) * 1_000,
    step: (text) => say(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}`),
  });
  if (values.json) console.log(JSON.stringify(result));
  else for (const [name, value] of Object.entries(result)) console.log(`${name.padEnd(12)} ${Array.isArray(value) ? value.join('; ') : value}`);
  process.exitCode = result.ok ? 0 : 1;
} finally {
  await stage.stop();
}
