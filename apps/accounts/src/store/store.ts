// The connection to the accounts database, and what it answers when the database is away. SQL of its areas is in the files beside it.
import { ParleyError } from '@parley/protocol';
import type { PgConnection } from '@parley/runtime';
import { PrismaPg } from '@prisma/adapter-pg';
import { Prisma, PrismaClient } from '../generated/prisma/client.ts';

export type Database = PrismaClient;
/** What runs in a transaction. */
export type Transaction = Prisma.TransactionClient;

const RETRY_AFTER_MS = 1_000;

const CONNECT_MS = 5_000;
/** Longer than any transaction may take: what is not answered then never will be. */
const ANSWER_MS = 20_000;

export function openDatabase(connection: PgConnection): Database {
  const adapter = new PrismaPg({
    ...connection,
    options: '-c plan_cache_mode=force_custom_plan',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    keepAlive: true,
  });
  // Minimal: Prisma's long messages repeat the arguments of a call, and those hold password hashes.
  return new PrismaClient({ adapter, errorFormat: 'minimal', log: [] });
}

/** One transaction; what `work` throws rolls it back. A database that is away is ParleyError('unavailable'). */
export async function transact<T>(database: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return guard(() => database.$transaction(work, { maxWait: 5_000, timeout: 10_000 }));
}

/** Runs a query; a database that is away is ParleyError('unavailable'), other errors stay what they are. */
export async function guard<T>(query: () => Promise<T>): Promise<T> {
  try {
    return await query();
  } catch (error) {
    if (!isAway(error)) throw error;
    throw new ParleyError('unavailable', 'The accounts database does not answer.', { retryAfterMs: RETRY_AFTER_MS, cause: error });
  }
}

const AWAY_CODES = new Set([
  'P1000',
  'P1001',
  'P1002',
  'P1008',
  'P1011',
  'P1017',
  'P2024',
  'P2028',
  'P2034',
  'P2037',
  'ECONNREFUSED',
  'ENOENT',
  'ECONNRESET',
  'ETIMEDOUT',
]);

/** What the driver says when a connection has ended or an answer does not come, and Postgres going down (57P01..03). */
const AWAY_TEXT = /57P0|EPIPE|ECONNRESET|Connection terminated|not queryable|Client was closed|Query read timeout|timeout exce|timeout expired/;

function isAway(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientInitializationError) return true;
  if (error instanceof ParleyError || !(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return (typeof code === 'string' && AWAY_CODES.has(code)) || AWAY_TEXT.test(`${String(code)} ${error.message}`);
}
