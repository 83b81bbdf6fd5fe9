// The checker: reads one history, answers whether every promise held. O(n) in records and events; memory grows with events and clients,
// never with deliveries. It must never be told what to forgive: what cannot be judged is counted, not excused.
import { WELCOME_BOT } from '@parley/protocol';
import { type FinalRoom, foldFinalRoom } from './final-rooms.ts';
import type { FinalViewRecord, HistoryRecord } from './history.ts';
import { judgeLog, judgeRealTimeOrder, judgeResult, judgeSenderOrder } from './judge-commands.ts';
import { judgeClient, judgeCopies, judgeFinalView, judgeMembers } from './judge-views.ts';
import { observe } from './observe.ts';
import { type Command, createObserved, type Observed } from './observed.ts';
import { type Report, type Violation, violationsKept } from './report.ts';

export interface CheckOptions {
  /** Authors whose commands are not in the history (imported people). The welcome bot is one always. */
  readonly externalAuthors?: Iterable<string>;
}

export interface Checker {
  add(record: HistoryRecord): void;
  /** Judges everything added so far; call once, at the end. */
  report(): Report;
}

/** I9 at rest: the clients of one user agree on the mark. */
function judgeMarks(views: readonly FinalViewRecord[], violate: (violation: Violation) => void): void {
  const marks = new Map<string, FinalViewRecord>();
  for (const view of views) {
    const key = `${view.room}/${view.user}`;
    const other = marks.get(key);
    if (other === undefined) marks.set(key, view);
    else if (other.read.seq !== view.read.seq || other.read.n !== view.read.n) {
      const message = `Clients ${other.client} and ${view.client} rest at different read marks (${other.read.seq}, ${view.read.seq}).`;
      violate({ invariant: 'I9', message, room: view.room, user: view.user });
    }
  }
}

function judgeCanaries(rooms: ReadonlyMap<string, FinalRoom>, observed: Observed, violate: (violation: Violation) => void): void {
  for (const canary of observed.canaries) {
    const room = rooms.get(canary.room);
    if (room === undefined || room.views.has(canary.user)) continue;
    const message = `Text of a room that the user was never in came in a frame "${canary.frame}".`;
    violate({ invariant: 'I11', message, room: canary.room, client: canary.client, user: canary.user, at: canary.t });
  }
}

export function createChecker(options: CheckOptions = {}): Checker {
  const violations: Violation[] = [];
  let violationCount = 0;
  const violate = (violation: Violation): void => {
    violationCount++;
    if (violations.length < violationsKept) violations.push(violation);
  };
  const observed = createObserved(violate);
  const rooms = new Map<string, FinalRoom>();
  const views: FinalViewRecord[] = [];
  const joins = new Map<string, number[]>();
  const external = new Set([WELCOME_BOT, ...(options.externalAuthors ?? [])]);

  const add = (record: HistoryRecord): void => {
    if ('saw' in record) observe(observed, record);
    else if ('asked' in record) {
      const key = `${record.room}/${record.user}`;
      joins.set(key, [...(joins.get(key) ?? []), record.t]);
    } else if (record.final === 'view') views.push(record);
    else rooms.set(record.room, foldFinalRoom(record));
  };

  const judgeRooms = (): void => {
    const commands = Map.groupBy<string, Command>(observed.commands.values(), (command) => command.room);
    for (const [id, room] of rooms) {
      const committed = judgeLog(room, observed, external, violate);
      for (const command of commands.get(id) ?? []) judgeResult(command, room, committed, observed, violate);
      judgeSenderOrder(id, committed, observed, violate);
      judgeRealTimeOrder(room, observed, violate);
      judgeCopies(room, observed, violate);
      judgeMembers(room, violate);
      for (const client of observed.clients.values()) judgeClient(room, client, joins, observed, violate);
      observed.counts.messages += room.posted.length;
    }
  };

  const report = (): Report => {
    for (const client of observed.clients.values()) if (client.present) observed.counts.present++;
    judgeRooms();
    judgeCanaries(rooms, observed, violate);
    for (const view of views) {
      const room = rooms.get(view.room);
      if (room === undefined) violate({ invariant: 'I3', message: 'A view of a room whose log is not in the history.', room: view.room, client: view.client });
      else judgeFinalView(room, view, violate);
    }
    judgeMarks(views, violate);
    return {
      ok: violationCount === 0,
      violations,
      violationCount,
      counts: observed.counts,
      latencies: { sendToAcceptMs: observed.accepting.percentiles(), sendToDeliverMs: observed.delivering.percentiles() },
    };
  };
  return { add, report };
}

/** Judges one history. */
export function check(records: Iterable<HistoryRecord>, options: CheckOptions = {}): Report {
  const checker = createChecker(options);
  for (const record of records) checker.add(record);
  return checker.report();
}
