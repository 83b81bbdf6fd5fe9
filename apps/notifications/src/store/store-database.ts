// The connection to the notifications database, and what its failures are called outside. Holds no query.
import { ParleyError } from '@parley/protocol';
import type { PgConnection } from '@parley/runtime';
import { PrismaPg } from '@prisma/adapter-pg';
import { type Prisma, PrismaClient } from '../generated/prisma/client.ts';

export type Database = PrismaClient;
export type Transaction = Prisma.TransactionClient;

const CONNECT_MS = 5_000;
const ANSWER_MS = 20_000;
const TRANSACTION_MS = 15_000;

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
    transactionOptions: { maxWait: TRANSACTION_MS, timeout: TRANSACTION_MS },
    // Long messages of Prisma repeat the arguments of a call, and those hold secrets and addresses.
    errorFormat: 'minimal',
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

/** Passes refusals through; says `unavailable` when the database is away. */
export async function orUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isAway(cause)) throw cause;
    throw new ParleyError('unavailable', 'The notifications database is away.', { retryAfterMs: 1000, cause });
  }
}
