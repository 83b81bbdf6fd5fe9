// `npm test`: every suite in order, a line for each as it ends, and as the last line `N passed, N failed, N skipped`. Installs nothing.
// --only <suite>[,<suite>], --release for the long runs. With CI=true a skip and a suite over its budget are failures.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runChecks } from './check.ts';
import { add, isGood, lastLine, NOTHING, type Outcome } from './suites/outcome.ts';
import { runTests } from './suites/run-suite.ts';
import { startShared } from './suites/shared-engines.ts';
import { findTestFiles, isForRelease, ORDER, SUITES, sortFiles } from './suites/suites.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** A suite that hangs must end in words, not in CI's own silence. */
const HANG_FACTOR = 4;

interface Line {
  readonly suite: string;
  readonly outcome: Outcome;
  readonly seconds: number;
  readonly budgetS: number;
}

const { values } = parseArgs({ options: { only: { type: 'string' }, release: { type: 'boolean', default: false } }, allowPositionals: true });
const ci = process.env.CI === 'true';
const only = values.only?.split(',');
const env: Record<string, string> = { ...(values.release ? { PARLEY_RELEASE: '1' } : {}), NODE_ENV: 'test' };

async function checkSuite(): Promise<Line> {
  const { steps, seconds } = await runChecks(ROOT, (text) => console.log(`  ${text}`));
  const failed = steps
    .filter((step) => step.code !== 0)
    .map((step) => ({ file: '', name: step.name, why: step.output.trim().split('\n').slice(-60).join('\n') }));
  return { suite: 'check', outcome: { passed: steps.length - failed.length, failed, skipped: [] }, seconds, budgetS: 120 };
}

async function testSuite(name: string, files: readonly string[]): Promise<Line> {
  const suite = SUITES.find((one) => one.name === name);
  const budgetS = (values.release ? suite?.budgetS.release : suite?.budgetS.usual) ?? 60;
  if (files.length === 0)
    return { suite: name, outcome: { ...NOTHING, skipped: [{ file: '', name, why: 'there are no tests of this suite' }] }, seconds: 0, budgetS };
  const shared = await startShared(suite?.engines ?? []);
  for (const reason of shared.leftOut) console.log(`     ${name} without ${reason}`);
  try {
    return { suite: name, budgetS, ...(await runTests(files, ROOT, { ...env, ...shared.env }, budgetS * HANG_FACTOR)) };
  } finally {
    await shared.stop();
  }
}

/** In CI a suite over its budget is a failure of its own. */
function judgeTime(line: Line): Line {
  if (!ci || line.seconds <= line.budgetS) return line;
  const why = `took ${line.seconds.toFixed(0)} s, its budget is ${line.budgetS} s`;
  return { ...line, outcome: add(line.outcome, { ...NOTHING, failed: [{ file: '', name: 'its time', why }] }) };
}

const describeLine = ({ suite, outcome, seconds, budgetS }: Line): string =>
  `${isGood(outcome, ci) ? 'ok  ' : 'FAIL'} ${suite.padEnd(12)} ${seconds.toFixed(1).padStart(7)} s of ${String(budgetS).padStart(4)}   ${lastLine(outcome)}`;

function explain({ suite, outcome }: Line): void {
  for (const { file, name, why } of outcome.failed)
    console.log(`\n  FAILED  ${[suite, file, name].filter(Boolean).join(' > ')}\n${why.replace(/^/gm, '    ')}`);
  for (const { file, name, why } of outcome.skipped) console.log(`  skipped ${[suite, file, name].filter(Boolean).join(' > ')}: ${why}`);
}

const hasFiles = (name: string): boolean => sorted.has(name) || SUITES.find((one) => one.name === name)?.mayBeEmpty !== true;

const sorted = sortFiles(findTestFiles(ROOT).filter((file) => values.release || !isForRelease(file)));
const wanted = ['check', ...ORDER].filter((name) => only === undefined || only.includes(name)).filter(hasFiles);
const unknown = only?.filter((name) => !wanted.includes(name)) ?? [];
const lines: Line[] = [];
for (const name of wanted) {
  console.log(`     ${name} …`);
  const line = judgeTime(name === 'check' ? await checkSuite() : await testSuite(name, sorted.get(name) ?? []));
  lines.push(line);
  console.log(describeLine(line));
  explain(line);
}
const strays = [
  ...(sorted.get('other') ?? []).map((file) => ({ file, name: 'this file', why: 'no suite takes it' })),
  ...unknown.map((name) => ({ file: '', name, why: 'there is no such suite' })),
];
const total = lines.map((line) => line.outcome).reduce(add, { ...NOTHING, failed: strays });
for (const { file, name, why } of strays) console.log(`FAILED ${file} ${name}: ${why}`);
console.log(
  `\n${lines.map(describeLine).join('\n')}\n     ${'all'.padEnd(12)} ${lines
    .reduce((sum, line) => sum + line.seconds, 0)
    .toFixed(1)
    .padStart(7)} s\n`,
);
console.log(lastLine(total));
process.exitCode = isGood(total, ci) ? 0 : 1;
