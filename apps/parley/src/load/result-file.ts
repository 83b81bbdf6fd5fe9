// Reads what load runs and benches leave as JSON: a report of a k6 scenario (load/lib/report-json.ts says what is in it), or the kept parts of
// `npm run bench -- --keep` (load/bench/results.ts). Only what is compared here is looked at; more fields do no harm.
import { readFile } from 'node:fs/promises';
import { ParleyError } from '@parley/protocol';
import * as z from 'zod/mini';

const maybeNumber = z.nullable(z.number());

const Trend = z.object({ count: z.number(), p50: maybeNumber, p95: maybeNumber, p99: maybeNumber, max: maybeNumber });

const LoadReport = z.object({
  schema: z.literal(1),
  scenario: z.string(),
  at: z.string(),
  seconds: z.number(),
  target: z.string(),
  machine: z.nullable(z.string()),
  command: z.string(),
  settings: z.record(z.string(), z.union([z.number(), z.string()])),
  verdict: z.enum(['passed', 'failed', 'no-verdict']),
  why: z.array(z.string()),
  counts: z.record(z.string(), z.number()),
  trends: z.record(z.string(), Trend),
  thresholds: z.array(z.object({ metric: z.string(), rule: z.string(), ok: z.boolean() })),
});
export type LoadReport = z.infer<typeof LoadReport>;

const BenchRow = z.object({
  name: z.string(),
  unit: z.string(),
  values: z.array(maybeNumber),
  goal: z.optional(z.object({ op: z.enum(['<=', '>=']), value: z.number() })),
});
export type BenchRow = z.infer<typeof BenchRow>;

const BenchPart = z.object({ at: z.string(), command: z.string(), commit: z.string(), machine: z.string(), rows: z.array(BenchRow) });
const BenchResults = z.record(z.string(), BenchPart);
export type BenchResults = z.infer<typeof BenchResults>;

export type ResultFile =
  | { readonly kind: 'scenario'; readonly path: string; readonly report: LoadReport }
  | { readonly kind: 'bench'; readonly path: string; readonly results: BenchResults };

/** Throws ParleyError `invalid` when it is neither; what reading a file throws is thrown as it is. */
export async function readResultFile(path: string): Promise<ResultFile> {
  const text = await readFile(path, 'utf8');
  const json = parseJson(text, path);
  if (isObject(json) && 'schema' in json) {
    const report = LoadReport.safeParse(json);
    if (report.success) return { kind: 'scenario', path, report: report.data };
    throw notOurs(path, `${report.error.issues[0]?.path.join('.')}: ${report.error.issues[0]?.message}`);
  }
  const results = BenchResults.safeParse(json);
  if (results.success && Object.keys(results.data).length > 0) return { kind: 'bench', path, results: results.data };
  throw notOurs(path, 'no `schema`, and no parts of a bench');
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notOurs(path, 'it is not JSON');
  }
}

const notOurs = (path: string, why: string): ParleyError =>
  new ParleyError('invalid', `${path} is neither what a scenario of load/ leaves in load/results nor what \`npm run bench -- --keep\` writes (${why}).`);
