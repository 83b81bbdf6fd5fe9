// The connection to media's database, and what its failures are called outside. Holds no query.
import { ParleyError } from '@parley/protocol';
import type { PgConnection } from '@parley/runtime';
import { PrismaPg } from '@prisma/adapter-pg';
import { type Prisma, PrismaClient } from '../generated/prisma/client.ts';

export type Database = PrismaClient;
export type Transaction = Prisma.TransactionClient;

const LOCK_QUEUE_MS = 10_000;
const CONNECT_MS = 5_000;
/** Longer than the queue for a lock: what is not answered then never will be. */
const ANSWER_MS = 15_000;

export const openDatabase = (connection: PgConnection): Database =>
  new PrismaClient({
    adapter: new PrismaPg({
      ...connection,
      max: 8,
      options: '-c plan_cache_mode=force_custom_plan',
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
    }),
    transactionOptions: { maxWait: LOCK_QUEUE_MS, timeout: LOCK_QUEUE_MS },
  });

/** Not reached, closed, too slow: of none of these is it known whether a commit happened. */
const AWAY = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2037']);
/** Driver adapter's names of the same, what the driver itself says, and Postgres going down (57P01..03). */
const AWAY_TEXT =
  /ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|Connection terminated|DatabaseNotReachable|ConnectionClosed|SocketTimeout|57P0|Server has closed|not queryable|Client was closed|Query read timeout|timeout exce|timeout expired/;

function isAway(error: unknown): boolean {
  if (error instanceof ParleyError) return false;
  const { code, message } = error as { code?: unknown; message?: unknown };
  return (typeof code === 'string' && AWAY.has(code)) || AWAY_TEXT.test(`${code} ${message} ${String((error as Error).cause ?? '')}`);
}

/** Every method of the store says `unavailable` while Postgres is away, so that callers know to come again. */
export function orUnavailable<S extends object>(store: S): S {
  const wrapped = Object.entries(store).map(([name, method]: [string, (...args: unknown[]) => Promise<unknown>]) => [
    name,
    async (...args: unknown[]): Promise<unknown> => {
      try {
        return await method(...args);
      } catch (cause) {
        if (!isAway(cause)) throw cause;
        throw new ParleyError('unavailable', 'The media database is away.', { retryAfterMs: 1_000, cause });
      }
    },
  ]);
  return Object.fromEntries(wrapped) as S;
}
