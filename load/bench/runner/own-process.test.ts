// A part in a process of its own: its answer arrives as it is, its failure with its reason, and one that hangs is ended.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { inOwnProcess } from './own-process.ts';
import type { Suite } from './run-parts.ts';

const OWN_PROCESS = fileURLToPath(new URL('./own-process.ts', import.meta.url));

/** A program whose only part does this. */
function program(body: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'parley-part-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'part.mjs');
  const part = `{ about: '', minutes: 1, run: async (options) => { ${body} } }`;
  writeFileSync(file, `import { answerParent } from ${JSON.stringify(OWN_PROCESS)};\nawait answerParent(${part}, 2, false);\nprocess.exit(0);\n`);
  return file;
}
const suite: Suite = { about: '', minutes: 1, run: () => Promise.reject(new Error('not here')) };
const run = (body: string, limitMs?: number, heard: number[] = []) =>
  inOwnProcess(suite, program(body), [], limitMs).run({ repeats: 2, quick: false, repeat: (nr) => void heard.push(nr) });

describe('a part in its own process', () => {
  it('answers its rows as they are, and says which repeat begins', async () => {
    const heard: number[] = [];
    const rows = [{ name: 'p50', unit: 'ms', values: [1, Number.NaN] }];
    expect(await run(`options.repeat(1); options.repeat(2); return { rows: [{ name: 'p50', unit: 'ms', values: [1, NaN] }] };`, undefined, heard)).toEqual({
      rows,
    });
    expect(heard).toEqual([1, 2]);
  });

  it('fails with what it failed with, or with how its process ended', async () => {
    await expect(run(`throw new Error('no engine');`)).rejects.toThrow('no engine');
    await expect(run(`process.exit(7);`)).rejects.toThrow('without an answer (7)');
  });

  it('is ended when it hangs', async () => {
    await expect(run('await new Promise((done) => setTimeout(done, 600_000));', 300)).rejects.toThrow('was ended');
  });
});
