// The connection to Postgres: how it is opened, how its JSON answers are read, and what it refused, by SQLSTATE.

import type { PgConnection } from '@parley/runtime';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../generated/prisma/client.ts';

export type Database = PrismaClient;

/** Commit connections plan each statement for the tables as they are: a plan made while they were empty never recovers (pitfall 21). */
const SESSION = '-c plan_cache_mode=force_custom_plan -c jit=off';

export const openDatabase = (connection: PgConnection, poolSize: number): Database =>
  new PrismaClient({ adapter: new PrismaPg({ ...connection, max: poolSize, options: SESSION }) });

/** The one JSON value of a one-row answer. */
export const jsonOf = <T>(rows: unknown): T => JSON.parse((rows as readonly { r: string | null }[])[0]?.r ?? 'null') as T;

/** The SQLSTATE within an error of Prisma or of pg; null: the database never answered. */
export function sqlStateOf(error: unknown): string | null {
  for (let at = error, depth = 0; at && typeof at === 'object' && depth < 6; depth++) {
    const { originalCode, meta, cause, driverAdapterError, code } = at as Record<string, unknown>;
    if (typeof originalCode === 'string') return originalCode;
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('P2')) return code;
    at = (meta as unknown) ?? driverAdapterError ?? cause;
  }
  return null;
}

/** Class 22: data exception; 23: integrity constraint. */
export const isDataError = (error: unknown): boolean => /^2[23]/.test(sqlStateOf(error) ?? '');

const DEADLOCK = '40P01';
const SERIALIZATION = '40001';
const TRIES = 5;

/** Runs again what lost a deadlock: user state has two writers. */
export async function retryDeadlocks<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      const state = sqlStateOf(error);
      if (attempt >= TRIES || (state !== DEADLOCK && state !== SERIALIZATION)) throw error;
    }
  }
}
