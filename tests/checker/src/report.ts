// What the checker answers, and the same for a terminal. Numbers are exact counts, never samples.

/** The promises, by the ids of the reliability page. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'I9' | 'I10' | 'I11';

export interface Violation {
  readonly invariant: Invariant;
  readonly message: string;
  readonly room?: string;
  readonly client?: string;
  readonly user?: string;
  /** `t` of the record that shows it, when one record does. */
  readonly at?: number;
}

export interface Counts {
  /** Clients that were seen at all; `present`: those connected when the history ends. */
  clients: number;
  present: number;
  /** Commands invoked (by client id, not by attempt), accepted, in a final log, rejected by a result, and accepted without any result. */
  commands: number;
  accepted: number;
  committed: number;
  rejected: number;
  unresolved: number;
  /** message.posted in the final logs. */
  messages: number;
  /**
   * (client, message.posted) pairs that must be there at the end: for every present client and every room that its user is a member of in
   * the final log, the messages of the present view (floor, head]. `delivered`: of these, applied as an event or at or below a
   * snapshot that the client took in that view. `lost` = expected - delivered.
   */
  expected: number;
  delivered: number;
  lost: number;
  /** Events applied by clients (all types, all clients), and of these: twice, below the place, beyond the place + 1. */
  applied: number;
  duplicated: number;
  outOfOrder: number;
  gaps: number;
  snapshots: number;
  reconnects: number;
}

export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface Report {
  readonly ok: boolean;
  /** At most `violationsKept` of them in full; `violationCount` is the true number. */
  readonly violations: readonly Violation[];
  readonly violationCount: number;
  readonly counts: Readonly<Counts>;
  /** First invoke to accepted, and first invoke to applied (message.posted, every client that applied it), ms. */
  readonly latencies: { readonly sendToAcceptMs: Percentiles; readonly sendToDeliverMs: Percentiles };
}

export const violationsKept = 200;

/** One histogram of log-spaced buckets (error <= 2 %), so that ten million samples cost a few hundred numbers. */
export function createHistogram(): { add(ms: number): void; percentiles(): Percentiles } {
  const buckets = new Map<number, number>();
  const step = Math.log(1.04);
  let count = 0;
  let max = 0;
  const at = (share: number, sorted: readonly (readonly [number, number])[]): number => {
    let left = Math.ceil(count * share);
    for (const [bucket, n] of sorted) {
      left -= n;
      if (left <= 0) return Math.min(max, Math.round(Math.exp((bucket + 0.5) * step) * 10) / 1000);
    }
    return max;
  };
  return {
    add(ms) {
      const bucket = Math.floor(Math.log(Math.max(1, ms * 100)) / step);
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
      count++;
      if (ms > max) max = ms;
    },
    percentiles() {
      const sorted = [...buckets].sort((a, b) => a[0] - b[0]);
      return { count, p50: at(0.5, sorted), p90: at(0.9, sorted), p99: at(0.99, sorted), p999: at(0.999, sorted), max };
    },
  };
}

const latency = (name: string, p: Percentiles): string =>
  p.count === 0 ? `${name}: none` : `${name}: p50 ${p.p50} ms, p90 ${p.p90}, p99 ${p.p99}, p99.9 ${p.p999}, max ${Math.round(p.max * 100) / 100} (${p.count})`;

/** The report in a few lines for a terminal. */
export function formatReport(report: Report): string {
  const c = report.counts;
  const lines = [
    report.ok ? 'OK: every promise held.' : `FAILED: ${report.violationCount} violations.`,
    `clients ${c.clients} (${c.present} present at the end, ${c.reconnects} reconnects), commands ${c.commands}: accepted ${c.accepted}, committed ${c.committed}, rejected ${c.rejected}, unresolved ${c.unresolved}`,
    `messages ${c.messages}; deliveries expected ${c.expected}, delivered ${c.delivered}, lost ${c.lost}`,
    `events applied ${c.applied}: duplicated ${c.duplicated}, out of order ${c.outOfOrder}, gaps ${c.gaps}; snapshots ${c.snapshots}`,
    latency('send to accepted', report.latencies.sendToAcceptMs),
    latency('send to delivered', report.latencies.sendToDeliverMs),
  ];
  for (const v of report.violations.slice(0, 20)) {
    const where = [v.room && `room ${v.room}`, v.client && `client ${v.client}`, v.user && `user ${v.user}`, v.at !== undefined && `at ${v.at} ms`];
    lines.push(`  ${v.invariant} ${v.message} [${where.filter(Boolean).join(', ')}]`);
  }
  if (report.violationCount > 20) lines.push(`  … and ${report.violationCount - 20} more`);
  return lines.join('\n');
}
