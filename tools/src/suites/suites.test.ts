// The test command itself, run for real on planted tests: what passed, failed and was skipped is counted, with its reason.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { add, isGood, lastLine, NOTHING } from './outcome.ts';
import { run, runTests } from './run-suite.ts';
import { ORDER, SUITES, sortFiles } from './suites.ts';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'parley-planted-'));
  for (const name of ['node_modules', 'tools']) symlinkSync(join(REPOSITORY, name), join(root, name));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const plant = (name: string, text: string): string => {
  writeFileSync(join(root, name), `import { describe, expect, it } from 'vitest';\n${text}`);
  return name;
};

describe('a suite of tests', () => {
  it('counts what passed, and says why the others did not', async () => {
    const file = plant(
      'mixed.test.ts',
      `it('passes', () => {});
       describe('inside', () => { it('fails', () => { expect(1).toBe(2); }); });
       it('needs a browser', (ctx) => { ctx.skip('no browser is installed'); });
       it.skip('is left out', () => {});`,
    );
    const { outcome } = await runTests([file], root, {}, 60);
    expect(outcome.passed).toBe(1);
    expect(outcome.failed).toMatchObject([{ file, name: 'inside > fails', why: expect.stringContaining('expected 1 to be 2') }]);
    expect(outcome.skipped).toMatchObject([
      { name: 'needs a browser', why: 'no browser is installed' },
      { name: 'is left out', why: 'no reason given, see its name' },
    ]);
  });

  it('fails when a file cannot be read, when an error has no test, and when there is nothing to run', async () => {
    const broken = plant('broken.test.ts', 'this is not a program');
    const loose = plant('loose.test.ts', "it('x', async () => { queueMicrotask(() => { throw new Error('nobody caught it'); }); await 0; });");
    const { outcome } = await runTests([broken, loose], root, {}, 60);
    expect(outcome.failed.map((failure) => failure.name)).toEqual(expect.arrayContaining(['the file itself', 'outside of any test']));
    expect((await runTests(['absent.test.ts'], root, {}, 60)).outcome.failed).toHaveLength(1);
  });

  it('ends in words when it hangs', async () => {
    const file = plant('hangs.test.ts', "it('x', () => { for (;;); });");
    const { outcome, seconds } = await runTests([file], root, {}, 4);
    expect(outcome.failed).toMatchObject([{ name: 'the run itself', why: 'it was stopped after 4 s' }]);
    expect(seconds).toBeLessThan(20);
  });
});

describe('a command', () => {
  it('gives its code and all that it printed', async () => {
    const { code, output } = await run([process.execPath, '-e', "console.log('one'); console.error('two'); process.exit(3)"], root);
    expect(code).toBe(3);
    expect(output.split('\n').filter(Boolean).sort()).toEqual(['one', 'two']);
    expect((await run(['no-such-command'], root)).code).toBe(127);
  });
});

describe('the last line', () => {
  const one = { file: 'f', name: 'n', why: 'w' };
  it('has exactly the words that others read', () => {
    expect(lastLine(add({ passed: 3, failed: [one], skipped: [] }, { passed: 4, failed: [], skipped: [one, one] }))).toBe('7 passed, 1 failed, 2 skipped');
  });
  it('is bad news after a failure, and in CI after a skip', () => {
    expect(isGood({ ...NOTHING, failed: [one] }, false)).toBe(false);
    expect(isGood({ ...NOTHING, skipped: [one] }, false)).toBe(true);
    expect(isGood({ ...NOTHING, skipped: [one] }, true)).toBe(false);
  });
});

describe('the suites', () => {
  it('take each file once, by its folder and name', () => {
    const files = [
      ['apps/web/src/style/tokens.test.ts', 'unit'],
      ['tools/src/house-rules.test.ts', 'unit'],
      ['infra/engines/src/process/process-tree.test.ts', 'unit'],
      ['packages/ports/test/conformance.test.ts', 'stories'],
      ['packages/kafka/test/event-log.test.ts', 'engines'],
      ['infra/engines/test/command-line.test.ts', 'engines'],
      ['infra/checks/test/helm/policies.test.ts', 'engines'],
      ['tests/faults/test/each-fault.test.ts', 'faults'],
      ['tests/journeys/test/two-people.cluster.test.ts', 'cluster'],
      ['tests/journeys/test/two-people.test.ts', 'journeys'],
      ['tests/journeys/test/sign-in.browser.test.ts', 'browser'],
      ['tests/journeys/test/replay.test.ts', 'replay'],
      ['tests/simulation/test/seeds.test.ts', 'simulation'],
      ['tests/attacks/test/bad-input.test.ts', 'attacks'],
      ['tests/checker/src/mutants/mutants.test.ts', 'checker'],
      ['load/smoke.test.ts', 'load'],
      ['apps/rooms/lost.test.ts', 'other'],
    ] as const;
    const sorted = sortFiles(files.map(([path]) => path));
    for (const [path, suite] of files) expect(sorted.get(suite)).toContain(path);
    expect([...sorted.values()].flat()).toHaveLength(files.length);
  });
  it('are all run', () => {
    expect(SUITES.map((suite) => suite.name).sort()).toEqual([...ORDER].sort());
  });
});
