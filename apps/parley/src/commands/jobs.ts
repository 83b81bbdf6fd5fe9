// `parley jobs`: what was parked after its last try, and putting it back. Shows ids and reasons, never payloads.
import type { ParkedJob, WorkQueue } from '@parley/ports';
import { QUEUES } from '@parley/protocol';
import { jobsConfigFromEnv } from '../jobs/config.ts';
import { visitQueue } from '../jobs/visit-queue.ts';

interface Options {
  readonly queue?: readonly string[];
  readonly json?: boolean;
}

export async function listJobs(options: Options & { readonly limit: number }): Promise<void> {
  const parked = await visitQueue(jobsConfigFromEnv(), async (queue) => {
    const found: ParkedJob[] = [];
    for (const name of options.queue ?? Object.values(QUEUES)) found.push(...(await queue.parked(name, options.limit)));
    return found;
  });
  const jobs = parked.map(({ queue, id, attempt, reason }) => ({ queue, id, attempts: attempt, reason }));
  if (options.json === true) return console.log(JSON.stringify({ jobs }));
  for (const { queue, id, attempts, reason } of jobs) console.log(`${queue.padEnd(20)} ${id.padEnd(38)} ${`${attempts} tries`.padEnd(9)} ${printable(reason)}`);
  console.log(jobs.length === 0 ? 'No job was given up.' : `${jobs.length} given up. \`parley jobs retry\` puts them back.`);
}

export async function retryJobs(ids: readonly string[], options: Options & { readonly all?: boolean }): Promise<void> {
  if (ids.length === 0 && options.all !== true) throw new Error('Name the jobs (`parley jobs list` shows them), or say --all.');
  const retried = await visitQueue(jobsConfigFromEnv(), async (queue) => {
    let count = 0;
    for (const name of options.queue ?? Object.values(QUEUES)) count += await queue.retry(name, options.all === true ? await everyId(queue, name) : ids);
    return count;
  });
  console.log(options.json === true ? JSON.stringify({ retried }) : `${retried} put back.`);
  if (retried < ids.length) process.exitCode = 1;
}

const MOST = 10_000;
const everyId = async (queue: WorkQueue, name: string): Promise<string[]> => (await queue.parked(name, MOST)).map(({ id }) => id);

/** A reason comes from anywhere, also from a stranger's web server: no control characters to a terminal. */
const printable = (text: string): string => text.replace(/\p{C}+/gu, ' ');
