// Lets one relay at a time work, whichever process it is in: an advisory lock held by a connection of its own. When the connection
// ends, Postgres gives the lock to another; a late append of the old holder then only doubles what the new one sends.
import type { Logger, PgConnection } from '@parley/runtime';
import { Client } from 'pg';

export interface RelayLease {
  /** true: this process may relay now. Rejects when the database is away. */
  hold(): Promise<boolean>;
  release(): Promise<void>;
}

/** Any number, the same for all processes that share this database. */
const LOCK_ID = 702_001;
/** A database that takes longer is away: an answer that never comes must not hold up all changes of rooms for ever. */
const ANSWER_MS = 10_000;

/** `answerMs`: how long the database may take to answer. */
export function createRelayLease(connection: PgConnection, logger: Logger, answerMs = ANSWER_MS): RelayLease {
  let client: Client | null = null;
  let held = false;

  const connect = async (): Promise<Client> => {
    const fresh = new Client({
      ...connection,
      application_name: 'parley-rooms-relay',
      connectionTimeoutMillis: answerMs,
      query_timeout: answerMs,
      keepAlive: true,
    });
    const forget = (): void => {
      if (client === fresh) {
        client = null;
        held = false;
      }
    };
    fresh.on('error', (error) => {
      logger.warn({ err: error }, "the relay's connection failed");
      forget();
    });
    fresh.on('end', forget);
    await fresh.connect();
    client = fresh;
    return fresh;
  };

  return {
    async hold() {
      if (held) return true;
      const open = client ?? (await connect());
      try {
        const { rows } = await open.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [LOCK_ID]);
        held = client === open && rows[0]?.locked === true;
        return held;
      } catch (error) {
        // It may hold the lock without our knowing: only its end gives that back.
        if (client === open) client = null;
        open.end().catch(() => undefined);
        throw error;
      }
    },
    async release() {
      const open = client;
      client = null;
      held = false;
      await open?.end().catch((error: unknown) => logger.debug({ err: error }, "the relay's connection was closed already"));
    },
  };
}
