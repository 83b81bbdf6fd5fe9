// The connection to the accounts database, and what it answers when the database is away. SQL of its areas is in the files beside it.
import { ParleyError } from '@parley/protocol';
import type { PgConnection } from '@parley/runtime';
import { PrismaPg } from '@prisma/adapter-pg';
import { Prisma, PrismaClient } from '../generated/prisma/client.ts';

export type Database = PrismaClient;
/** What runs in a transaction. */
export type Transaction = Prisma.TransactionClient;

const RETRY_AFTER_MS = 1_000;

export function openDatabase(connection: PgConnection): Database {
  // Minimal: Prisma's long messages repeat the arguments of a call, and those hold password hashes.
  return new PrismaClient({ adapter: new PrismaPg({ ...connection, options: '-c plan_cache_mode=force_custom_plan' }), errorFormat: 'minimal', log: [] });
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

function isAway(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientInitializationError) return true;
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && AWAY_CODES.has(code);
}
