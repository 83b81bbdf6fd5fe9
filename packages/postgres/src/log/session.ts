// The one long-lived connection of a log: it hears of appends (LISTEN) and holds the claims of consumer groups (advisory locks), which end
// with it. Looks for itself every second too, so a lost notification or a dead connection costs at most that.
import type { Clock } from '@parley/ports';
import pg from 'pg';
import type { PgConnection } from '../connection.ts';
import type { AdapterLogger } from '../logger.ts';

export interface LogSession {
  /** Takes the claim for this process; false: another has it, or the connection is away. `lost` is called once if it ends by itself. */
  claim(key: string, lost: () => void): Promise<boolean>;
  release(key: string): Promise<void>;
  close(): Promise<void>;
}

export interface SessionEvents {
  /** Something was appended to these topics, or it is not known whether. `byBackend`: the server's process that did it, when it is known. */
  appended(topics: ReadonlySet<number>, byBackend: number | null): void;
  /** The connection is new: what was learnt from an earlier one may not hold. */
  connected(): void;
}

const POLL_MS = 1_000;
/** Claims are lost with the connection, and nobody consumes until they are taken again: the first try to come back is soon. */
const RECONNECT_MS = 50;
const ANSWER_MS = 4_000;
const CHANNEL = 'parley_log';

const HEADS = 'SELECT topic, sum(next_offset)::text AS head FROM log_partition GROUP BY topic';
const CLAIM = 'SELECT pg_try_advisory_lock(hashtextextended($1, 7083)) AS held';
const RELEASE = 'SELECT pg_advisory_unlock(hashtextextended($1, 7083))';

export async function openLogSession(connection: PgConnection, clock: Clock, events: SessionEvents, logger?: AdapterLogger): Promise<LogSession> {
  const claims = new Map<string, () => void>();
  const heads = new Map<number, string>();
  let client: pg.Client | null = null;
  let closed = false;
  let connecting: Promise<void> | null = null;

  // A connection answers one question at a time; the driver's own queue for the others is on its way out.
  let asked: Promise<unknown> = Promise.resolve();
  const ask = <R extends pg.QueryResultRow>(using: pg.Client, sql: string, values: unknown[] = []): Promise<pg.QueryResult<R>> => {
    const answer = asked.then(() => using.query<R>(sql, values));
    asked = answer.catch(() => undefined);
    return answer;
  };

  const lose = (which: pg.Client, error: Error): void => {
    if (client !== which) return;
    client = null;
    if (!closed) logger?.warn({ err: error.message }, 'log session lost');
    const lost = [...claims.values()];
    claims.clear();
    for (const tell of lost) tell();
    // Its locks must end with it, also when only the answer was late.
    which.end().catch(() => undefined);
    clock.after(RECONNECT_MS, tick);
  };
  const connect = async (): Promise<void> => {
    const fresh = new pg.Client({ ...connection, connectionTimeoutMillis: ANSWER_MS, query_timeout: ANSWER_MS, keepAlive: true });
    fresh.on('error', (error) => lose(fresh, error));
    fresh.on('end', () => lose(fresh, new Error('the server closed it')));
    fresh.on('notification', ({ payload, processId }) => events.appended(new Set([Number(payload)]), processId));
    try {
      await fresh.connect();
      await fresh.query(`LISTEN ${CHANNEL}`);
    } catch (error) {
      fresh.end().catch(() => undefined);
      throw error;
    }
    client = fresh;
    events.connected();
  };
  const look = async (): Promise<void> => {
    if (client === null) return;
    const using = client;
    try {
      const { rows } = await ask<{ topic: number; head: string }>(using, HEADS);
      const changed = rows.filter(({ topic, head }) => heads.get(topic) !== head);
      for (const { topic, head } of changed) heads.set(topic, head);
      if (changed.length > 0) events.appended(new Set(changed.map(({ topic }) => topic)), null);
    } catch (error) {
      lose(using, error as Error);
    }
  };
  const tick = (): void => {
    if (closed || connecting !== null) return;
    connecting = (client === null ? connect() : look())
      .catch((error: unknown) => logger?.debug({ err: (error as Error).message }, 'log session not there yet'))
      .finally(() => {
        connecting = null;
      });
  };

  await connect();
  const timer = clock.every(POLL_MS, tick);
  return {
    claim: async (key, lost) => {
      // A lock may be taken twice by one session: within this process the map decides.
      if (client === null || claims.has(key)) return false;
      const using = client;
      claims.set(key, lost);
      try {
        const { rows } = await ask<{ held: boolean }>(using, CLAIM, [key]);
        if (rows[0]?.held === true && client === using) return true;
      } catch (error) {
        lose(using, error as Error);
      }
      if (claims.get(key) === lost) claims.delete(key);
      return false;
    },
    release: async (key) => {
      if (!claims.has(key)) return;
      const using = client;
      if (using !== null) await ask(using, RELEASE, [key]).catch((error: Error) => lose(using, error));
      claims.delete(key);
    },
    close: async () => {
      closed = true;
      timer.cancel();
      await connecting;
      const last = client;
      client = null;
      await last?.end().catch(() => undefined);
    },
  };
}
