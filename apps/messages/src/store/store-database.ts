// The connection to Postgres: how it is opened, how its JSON answers are read, and what it refused, by SQLSTATE.

import { ParleyError } from '@parley/protocol';
import type { PgConnection } from '@parley/runtime';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../generated/prisma/client.ts';

export type Database = PrismaClient;

/** Commit connections plan each statement for the tables as they are: a plan made while they were empty never recovers (pitfall 21). */
const SESSION = '-c plan_cache_mode=force_custom_plan -c jit=off';

const CONNECT_MS = 4_000;
/** A statement that takes longer is given up: its commit, if it still comes, fences the repetition. */
const QUERY_MS = 20_000;

const configOf = (connection: PgConnection, poolSize: number) => ({
  ...connection,
  max: poolSize,
  options: SESSION,
  connectionTimeoutMillis: CONNECT_MS,
  query_timeout: QUERY_MS,
  keepAlive: true,
});

export const openDatabase = (connection: PgConnection, poolSize: number): Database =>
  new PrismaClient({ adapter: new PrismaPg(configOf(connection, poolSize)) });

export interface HotPath {
  /** One call of a function of the migration, JSON in and JSON out. */
  call(name: 'load_batch' | 'commit_batch', json: string): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * The two statements of a batch go straight to Prisma's driver adapter: its query engine would write and read their JSON twice more, which
 * costs as much as all the rest of a small batch. Connects at the first call.
 */
export function openHotPath(connection: PgConnection): HotPath {
  // Named, so that Postgres reads each of the two once for a connection. A name may have 63 characters.
  const open = () => new PrismaPg(configOf(connection, 2), { statementNameGenerator: ({ sql }) => sql }).connect();
  let adapter: ReturnType<typeof open> | null = null;
  return {
    async call(name, json) {
      adapter ??= open();
      const { rows } = await (await adapter).queryRaw({
        sql: `SELECT ${name}($1::jsonb) AS r`,
        args: [json],
        argTypes: [{ scalarType: 'string', arity: 'scalar' }],
      });
      return JSON.parse(String(rows[0]?.[0]));
    },
    async close() {
      const opened = adapter;
      adapter = null;
      await (await opened)?.dispose();
    },
  };
}

/** The one JSON value of a one-row answer. */
export const jsonOf = <T>(rows: unknown): T => JSON.parse((rows as readonly { r: string | null }[])[0]?.r ?? 'null') as T;

/** The SQLSTATE within an error of Prisma or of pg; null: the database never answered. */
export function sqlStateOf(error: unknown): string | null {
  for (let at = error, depth = 0; at && typeof at === 'object' && depth < 6; depth++) {
    const { originalCode, meta, cause, driverAdapterError, code } = at as Record<string, unknown>;
    const state = [originalCode, code].find((given) => typeof given === 'string' && /^[0-9A-Z]{5}$/.test(given) && !/^(P[1-6]|E[A-Z])/.test(given));
    if (state !== undefined) return state as string;
    at = meta ?? driverAdapterError ?? cause;
  }
  return null;
}

/** Class 22: data exception; 23: integrity constraint. */
export const isDataError = (error: unknown): boolean => /^2[23]/.test(sqlStateOf(error) ?? '');

/** What the driver says when a connection has ended or an answer does not come. */
const AWAY_TEXT = /EPIPE|ECONNRESET|Connection terminated|not queryable|Client was closed|Query read timeout|timeout exce|timeout expired/;

/** Class 08: connection; 53: resources; 57: shutdown, restart; 58: its disk. Or no answer at all. */
function isAway(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state !== null) return /^(08|53|57|58)/.test(state);
  if (!(error instanceof Error) || error instanceof ParleyError || error.name === 'PrismaClientValidationError') return false;
  return /^(PrismaClient|DriverAdapterError)/.test(error.name) || AWAY_TEXT.test(error.message);
}

const RETRY_AFTER_MS = 1_000;

/** Every method of the store says `unavailable` while Postgres is away, so that callers know to come again. */
export function orUnavailable<S extends object>(store: S): S {
  const wrapped = Object.entries(store).map(([name, method]: [string, (...args: unknown[]) => Promise<unknown>]) => [
    name,
    async (...args: unknown[]): Promise<unknown> => {
      try {
        return await method(...args);
      } catch (cause) {
        if (isAway(cause)) throw new ParleyError('unavailable', 'The database of messages does not answer.', { retryAfterMs: RETRY_AFTER_MS, cause });
        throw cause;
      }
    },
  ]);
  return Object.fromEntries(wrapped) as S;
}

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
