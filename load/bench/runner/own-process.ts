// A part of the bench in a process of its own: what an earlier part left behind (heap, timers, clients) does not count in its figures, and one that
// hangs is ended and does not hold up the others.
import { fork } from 'node:child_process';
import type { Part } from '../results.ts';
import type { Row } from '../row.ts';
import type { Suite } from './run-parts.ts';

/** What the process of a part says. */
export type PartSaid = { readonly repeat: number } | { readonly answer: readonly Row[] | Part } | { readonly failed: string };

const PATIENCE = 4;
const LEAST_MS = 180_000;

/** `file` is the program that runs one part by these arguments and answers over IPC (`answerParent`). Rejects with what it failed with. */
export function inOwnProcess(suite: Suite, file: string, args: readonly string[], limitMs = Math.max(LEAST_MS, suite.minutes * PATIENCE * 60_000)): Suite {
  return {
    ...suite,
    run: ({ repeats, quick, repeat }) =>
      new Promise((resolve, reject) => {
        const child = fork(file, [...args, '--repeats', String(repeats), ...(quick ? ['--quick'] : [])], { serialization: 'advanced' });
        const limit = setTimeout(() => {
          reject(new Error(`It took longer than ${(limitMs / 60_000).toFixed(1)} minutes and was ended.`));
          child.kill('SIGKILL');
        }, limitMs);
        child.on('message', (said: PartSaid) => {
          if ('repeat' in said) repeat(said.repeat);
          else if ('answer' in said) resolve(said.answer);
          else reject(new Error(said.failed));
        });
        child.once('error', reject);
        child.once('exit', (code, signal) => {
          clearTimeout(limit);
          // Says nothing after an answer.
          reject(new Error(`Its process ended without an answer (${signal ?? code}).`));
        });
      }),
  };
}

/** In the process of a part: runs it and tells the parent. */
export async function answerParent(suite: Suite, repeats: number, quick: boolean): Promise<void> {
  // Whoever asked is gone: this ends as by Ctrl-C, with all that it started.
  process.once('disconnect', () => process.kill(process.pid, 'SIGINT'));
  const tell = (said: PartSaid): Promise<void> => new Promise((done) => (process.send === undefined ? done() : process.send(said, () => done())));
  await suite
    .run({ repeats, quick, repeat: (nr) => void tell({ repeat: nr }) })
    .then((answer) => tell({ answer }))
    .catch((error: unknown) => tell({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }));
}
