// Which sessions have ended: the whole of `session.event`, held in memory while a token of them could still be alive.
// Must never answer before it has read what was in the log when it started.
import type { Clock, EventLog, LogConsumption, LogRecord, Timer } from '@parley/ports';
import { type AccessClaims, decodeRecord, SessionEvent, TOPICS } from '@parley/protocol';
import type { Logger } from './log.ts';

export interface Revocations {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Did this token's session end? */
  isRevoked(claims: AccessClaims): boolean;
  /** Called for each end of a session, also for those read at start; the answer takes the listener away. */
  onRevoked(listener: (event: SessionEvent) => void): () => void;
  problems(): readonly string[];
}

export interface RevocationsDeps {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger?: Logger;
}

/** Longer than any access token lives; what is older cannot matter. */
const KEEP_MS = 3_600_000;
const SWEEP_MS = 60_000;
const RETRY_MS = 1_000;

/** Tails `session.event`. start() resolves when all that was in it has been read. */
export function createRevocations({ log, clock, logger }: RevocationsDeps): Revocations {
  const sessions = new Map<string, number>();
  const users = new Map<string, { time: number; except: string | null }[]>();
  const listeners = new Set<(event: SessionEvent) => void>();
  const read = new Map<number, number>();
  const waiting: (() => void)[] = [];
  let consumption: LogConsumption | null = null;
  let sweep: Timer | null = null;
  let stopped = false;
  let problem: string | null = null;

  const apply = (event: SessionEvent): void => {
    if (event.type === 'session.revoked') sessions.set(event.session, event.time);
    else users.set(event.user, [...(users.get(event.user) ?? []), { time: event.time, except: event.except }]);
    for (const listener of listeners) listener(event);
  };

  const handle = async (records: readonly LogRecord[]): Promise<void> => {
    for (const record of records) {
      try {
        apply(decodeRecord(SessionEvent, record.value));
      } catch (error) {
        logger?.error({ err: error, topic: TOPICS.sessionEvent, offset: record.offset }, 'a session event could not be read and was left out');
      }
      read.set(record.partition, record.offset + 1);
    }
    for (const wake of waiting.splice(0)) wake();
  };

  const follow = async (): Promise<void> => {
    consumption = await log.consume(TOPICS.sessionEvent, {
      group: null,
      start: async (partitions, ends) => {
        const assigned = ends.partitions.filter((p) => partitions.includes(p.partition));
        // What was trimmed away in the meantime will not come.
        for (const p of assigned) read.set(p.partition, Math.max(read.get(p.partition) ?? 0, p.from));
        return new Map(assigned.map((p) => [p.partition, p.from]));
      },
      handle,
    });
    problem = null;
    consumption.ended.catch((error: unknown) => {
      problem = 'The list of ended sessions is not being followed: sessions ended elsewhere live until their access token ends.';
      logger?.error({ err: error }, problem);
      retry();
    });
  };
  const retry = (): void => {
    if (!stopped) clock.after(RETRY_MS, () => void follow().catch(retry));
  };

  return {
    async start() {
      const ends = await log.ends(TOPICS.sessionEvent);
      await follow();
      const behind = (): boolean => ends.partitions.some((p) => p.next > p.from && (read.get(p.partition) ?? 0) < p.next);
      while (behind() && !stopped) await new Promise<void>((resolve) => waiting.push(resolve));
      sweep = clock.every(SWEEP_MS, () => forget(sessions, users, clock.now() - KEEP_MS));
    },
    async stop() {
      stopped = true;
      sweep?.cancel();
      for (const wake of waiting.splice(0)) wake();
      await consumption?.stop();
    },
    isRevoked(claims) {
      if (sessions.has(claims.sid)) return true;
      // iat has whole seconds: a session begun in the second of a `user.revoked` is judged by the `session.revoked` that came with it.
      return (users.get(claims.sub) ?? []).some((ended) => ended.except !== claims.sid && claims.iat * 1000 + 999 < ended.time);
    },
    onRevoked(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    problems: () => (problem === null ? [] : [problem]),
  };
}

function forget(sessions: Map<string, number>, users: Map<string, { time: number; except: string | null }[]>, before: number): void {
  for (const [session, time] of sessions) if (time < before) sessions.delete(session);
  for (const [user, ends] of users) {
    const kept = ends.filter((ended) => ended.time >= before);
    if (kept.length === 0) users.delete(user);
    else users.set(user, kept);
  }
}
