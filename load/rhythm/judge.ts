// node load/rhythm/judge.ts HISTORY.ndjson: what a real-day with HISTORY=yes wrote down, judged by the one checker. Exits with 1 when a promise was broken.
// Lines that are no records (what k6 says besides) are passed over.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createChecker, formatReport, type HistoryRecord, type Report } from '@parley/checker';

/** Throws when the history does not say what the server held at the end: without it nothing can be judged. */
export async function judgeFile(path: string): Promise<Report> {
  const checker = createChecker();
  let finals = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (!line.startsWith('{')) continue;
    const record = JSON.parse(line) as HistoryRecord;
    if ('final' in record) finals++;
    checker.add(record);
  }
  if (finals === 0) throw new Error(`${path} does not say what the server held at the end: let the run end by itself.`);
  return checker.report();
}

if (import.meta.main) {
  const [path] = process.argv.slice(2);
  if (path === undefined) throw new Error('Usage: node load/rhythm/judge.ts HISTORY.ndjson');
  const report = await judgeFile(path);
  console.log(formatReport(report));
  if (!report.ok) process.exitCode = 1;
}
