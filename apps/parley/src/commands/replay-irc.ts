// `parley replay irc`: a log lived through again by real clients, judged by the checker. Exits with 1 when anything was lost, doubled,
// out of order or missed without being noticed.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { createChecker, createHistoryWriter, type Report } from '@parley/checker';
import { ParleyError } from '@parley/protocol';
import { createParley } from '@parley/sdk';
import { SingleBar } from 'cli-progress';
import { parseIrcLog } from '../irc/parse-irc-log.ts';
import { type Plan, planReplay } from '../replay/plan.ts';
import { type PrivateServer, startPrivateServer } from '../replay/private-server.ts';
import { runReplay } from '../replay/run-replay.ts';

export interface ReplayIrcOptions {
  readonly speed: number;
  readonly maxSilence: number;
  readonly url?: string;
  readonly loadKey?: string;
  readonly kill: number;
  readonly history?: string;
  readonly json?: boolean;
}

export interface ReplaySummary {
  readonly logs: number;
  readonly people: number;
  readonly messages: number;
  readonly expected: number;
  readonly delivered: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
  readonly gaps: number;
  readonly violations: number;
  readonly failures: number;
  readonly kills: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly wallMs: number;
}

export async function replayIrc(files: readonly string[], options: ReplayIrcOptions): Promise<void> {
  const progress = createProgress(options.json === true);
  const plan = planReplay(await readLogs(files, progress.say), options.maxSilence);
  if (plan.messages === 0) throw new ParleyError('invalid', 'There is no message in these files: lines must look like `[12:34] <nick> text`.');
  progress.say(`${files.length} logs, ${plan.people.length} people, ${plan.messages} messages`);
  const target = await openTarget(options, progress.say);
  try {
    const { interrupt, kills } = planKills(plan, options.kill, target.server, progress.say);
    const checker = createChecker();
    const writer = options.history === undefined ? null : createHistoryWriter(options.history);
    const run = await runReplay({
      plan,
      record: (record) => {
        checker.add(record);
        writer?.write(record);
      },
      url: target.url,
      loadKey: target.loadKey,
      owner: target.owner,
      speed: options.speed,
      interrupt,
      onProgress: progress.update(plan),
    });
    progress.end();
    await writer?.close();
    const report = checker.report();
    const summary = summarise(plan, report, run.failures, kills(), run.wallMs);
    print(summary, report, run.failures, options.json === true);
    if (!isClean(summary)) {
      process.exitCode = 1;
      for (const line of target.server?.log() ?? []) process.stderr.write(`server: ${line}\n`);
    }
  } finally {
    progress.end();
    await target.server?.stop();
  }
}

const isClean = (summary: ReplaySummary): boolean =>
  summary.lost + summary.duplicated + summary.outOfOrder + summary.gaps + summary.violations + summary.failures === 0;

async function readLogs(
  files: readonly string[],
  say: (text: string) => void,
): Promise<{ name: string; entries: ReturnType<typeof parseIrcLog>['entries'] }[]> {
  return await Promise.all(
    files.map(async (file) => {
      const { entries, skipped } = parseIrcLog(await readFile(file));
      if (skipped.length > 0) say(`${basename(file)}: ${skipped.length} lines left out (first: line ${skipped[0]?.line}, ${skipped[0]?.reason})`);
      return { name: basename(file).replace(/(\.raw)?\.txt$/, ''), entries };
    }),
  );
}

interface Target {
  readonly url: string;
  readonly loadKey: string | undefined;
  readonly owner: { readonly handle: string; readonly password: string };
  readonly server: PrivateServer | null;
}

/** A private server with its owner and load key, or the one that was named. */
async function openTarget(options: ReplayIrcOptions, say: (text: string) => void): Promise<Target> {
  const secret = `replay-${crypto.randomUUID()}`;
  if (options.url !== undefined) {
    // Its people would try for ever to reach a server that is not there.
    await createParley({ url: options.url }).setup();
    return { url: options.url, loadKey: options.loadKey, owner: { handle: `replay-${secret.slice(-8)}`, password: secret }, server: null };
  }
  const server = await startPrivateServer();
  say(`private server on ${server.url}`);
  const first = createParley({ url: server.url, device: 'replay' });
  await first.register({ handle: 'operator', password: secret });
  const { key } = (await first.call('POST', '/api/load-keys', {})) as { key: string };
  await first.close();
  return { url: server.url, loadKey: key, owner: { handle: 'replay', password: secret }, server };
}

/** Kills spread evenly over the steps; every second one takes Postgres with it. */
function planKills(
  plan: Plan,
  count: number,
  server: PrivateServer | null,
  say: (text: string) => void,
): { interrupt: Map<number, () => Promise<void>>; kills: () => number } {
  const interrupt = new Map<number, () => Promise<void>>();
  let done = 0;
  if (server !== null) {
    for (let kill = 1; kill <= count; kill++) {
      interrupt.set(Math.floor((plan.steps.length * kill) / (count + 1)), async () => {
        const withPostgres = kill % 2 === 0;
        say(`kill -9 number ${kill}${withPostgres ? ', with Postgres' : ''}`);
        // Not waited for: people go on typing while the server is away.
        await server.restart(withPostgres);
        done++;
      });
    }
  }
  return { interrupt, kills: () => done };
}

function summarise(plan: Plan, report: Report, failures: readonly string[], kills: number, wallMs: number): ReplaySummary {
  const { counts, latencies } = report;
  return {
    logs: plan.logs.length,
    people: plan.people.length,
    messages: plan.messages,
    expected: counts.expected,
    delivered: counts.delivered,
    lost: counts.lost,
    duplicated: counts.duplicated,
    outOfOrder: counts.outOfOrder,
    gaps: counts.gaps,
    violations: report.violationCount,
    failures: failures.length,
    kills,
    p50Ms: latencies.sendToDeliverMs.count === 0 ? null : latencies.sendToDeliverMs.p50,
    p99Ms: latencies.sendToDeliverMs.count === 0 ? null : latencies.sendToDeliverMs.p99,
    wallMs: Math.round(wallMs),
  };
}

function print(summary: ReplaySummary, report: Report, failures: readonly string[], json: boolean): void {
  const problems = [...report.violations.slice(0, 20).map((violation) => `${violation.invariant}: ${violation.message}`), ...failures.slice(0, 20)];
  if (json) {
    console.log(JSON.stringify(problems.length === 0 ? summary : { ...summary, problems }));
    return;
  }
  const ms = (value: number | null): string => (value === null ? 'unknown' : `${value.toFixed(1)} ms`);
  console.log(`
${summary.messages} messages of ${summary.people} people in ${summary.logs} rooms, ${(summary.wallMs / 1000).toFixed(0)} s${summary.kills > 0 ? `, killed with -9 ${summary.kills} times` : ''}
  expected      ${summary.expected}
  delivered     ${summary.delivered}
  lost          ${summary.lost}
  duplicated    ${summary.duplicated}
  out of order  ${summary.outOfOrder}
  unseen gaps   ${summary.gaps}
  send to deliver: p50 ${ms(summary.p50Ms)}, p99 ${ms(summary.p99Ms)}${summary.kills > 0 ? ' (with the time the server was away)' : ''}`);
  for (const problem of problems) console.log(`  ! ${problem}`);
  console.log(isClean(summary) ? 'Nothing was lost, doubled or reordered.' : 'NOT clean: see above.');
}

interface Progress {
  say(text: string): void;
  update(plan: Plan): (done: number, phase: 'accounts' | 'replay' | 'settling') => void;
  end(): void;
}

/** A bar on a terminal, plain lines elsewhere; on stderr, so that stdout holds only the result. */
function createProgress(quiet: boolean): Progress {
  const tty = process.stderr.isTTY === true && !quiet;
  let bar: SingleBar | null = null;
  let shown = '';
  let tenths = 0;
  return {
    say: (text) => {
      if (!quiet) process.stderr.write(`${tty && bar !== null ? '\n' : ''}${text}\n`);
    },
    update: (plan) => (done, phase) => {
      if (quiet) return;
      const total = phase === 'accounts' ? plan.people.length : plan.steps.length;
      if (!tty) {
        // Steps end out of turn: only what is further than before is news.
        const tenth = Math.floor((done / Math.max(1, total)) * 10);
        if (phase === shown && tenth <= tenths) return;
        process.stderr.write(`${phase} ${tenth * 10} %\n`);
        shown = phase;
        tenths = tenth;
        return;
      }
      if (bar === null || shown !== phase) {
        bar?.stop();
        bar = new SingleBar({ format: `${phase.padEnd(9)} {bar} {value}/{total}  {eta_formatted}`, hideCursor: true, stream: process.stderr });
        bar.start(total, done);
        shown = phase;
      } else bar.update(done);
    },
    end: () => {
      bar?.stop();
      bar = null;
    },
  };
}
