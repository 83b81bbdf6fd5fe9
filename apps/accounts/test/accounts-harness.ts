// One accounts service on a real Postgres database of its own, a log in memory and a clock that the test moves.
import { createManualClock, type EventLog, type ManualClock, systemRng } from '@parley/ports';
import { createMemoryEventLog } from '@parley/ports/memory';
import { testDatabase } from '@parley/postgres/testing';
import {
  type AccountEvent,
  AccountEvent as AccountEventSchema,
  decodeRecord,
  type ErrorBody,
  type SessionEvent,
  SessionEvent as SessionEventSchema,
  TOPICS,
  type Tokens,
} from '@parley/protocol';
import { createHttpApp, createInternalBus, createLogger, type InternalClient, type InternalHandler, type PgConnection, type Service } from '@parley/runtime';
import { onTestFinished } from 'vitest';
import { type AccountsConfig, createAccounts, migrationsFolder } from '../src/accounts.ts';

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
  readonly error: ErrorBody | undefined;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly token?: string;
  readonly loadKey?: string;
  readonly address?: string;
  readonly headers?: Record<string, string>;
}

export interface Harness {
  readonly clock: ManualClock;
  readonly service: Service;
  readonly internal: InternalClient;
  readonly database: PgConnection;
  /** The log itself, whatever wrapLog makes of it. */
  readonly memory: EventLog;
  /** All lines that were logged, at every level. */
  readonly lines: string[];
  readonly hashes: () => number;
  call<T>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, options?: CallOptions): Promise<Answer<T>>;
  register(handle: string, more?: object): Promise<Tokens>;
  sessionEvents(): Promise<SessionEvent[]>;
  accountEvents(): Promise<AccountEvent[]>;
}

export const PASSWORD = 'correct horse battery';

export interface HarnessOptions {
  readonly config?: Partial<AccountsConfig>;
  readonly wrapLog?: (log: EventLog) => EventLog;
  /** What other services answer. */
  readonly others?: readonly InternalHandler[];
  /** Another process of the same installation: its database, log and clock. */
  readonly beside?: Harness;
}

/** Everything it starts ends with the test. */
export async function startAccounts({ config = {}, wrapLog = (log) => log, beside, others = [] }: HarnessOptions = {}): Promise<Harness> {
  const { connection, drop } = beside ? { connection: beside.database, drop: async () => {} } : await testDatabase(migrationsFolder);
  const clock = beside?.clock ?? createManualClock();
  const memory =
    beside?.memory ?? createMemoryEventLog({ topics: { [TOPICS.sessionEvent]: { partitions: 1 }, [TOPICS.accountEvent]: { partitions: 1 } }, clock });
  const log = wrapLog(memory);
  const lines: string[] = [];
  const logger = createLogger({ level: 'trace', stream: { write: (line) => lines.push(line) } });
  let hashed = 0;
  const bus = createInternalBus({ key: 'k'.repeat(32), clock, rng: systemRng });
  bus.register(others);
  const service = createAccounts({
    database: connection,
    log,
    internal: bus.clientFor('accounts'),
    clock,
    rng: systemRng,
    logger,
    config: { issuer: 'test', registration: 'open', setupCode: null, ...config },
    onHash: () => hashed++,
  });
  const app = createHttpApp({ logger, rng: systemRng });
  await service.routes?.(app);
  bus.register(service.internal ?? []);
  await service.start();
  onTestFinished(async () => {
    await app.close();
    await service.stop();
    await drop();
  });

  const call: Harness['call'] = async (method, url, options = {}) => {
    const response = await app.inject({
      method,
      url,
      ...(options.body === undefined ? {} : { payload: options.body as object }),
      ...(options.address === undefined ? {} : { remoteAddress: options.address }),
      headers: {
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...(options.loadKey === undefined ? {} : { 'x-parley-load-key': options.loadKey }),
        ...options.headers,
      },
    });
    const body = response.body === '' ? undefined : JSON.parse(response.body);
    return { status: response.statusCode, body, error: body?.error };
  };

  return {
    clock,
    service,
    internal: bus.clientFor('test'),
    database: connection,
    memory,
    lines,
    hashes: () => hashed,
    call,
    async register(handle, more = {}) {
      const answer = await call<Tokens>('POST', '/api/accounts/register', { body: { handle, password: PASSWORD, ...more } });
      if (answer.status !== 201) throw new Error(`${handle} was not registered: ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    sessionEvents: async () => (await recordsOf(memory, TOPICS.sessionEvent)).map((value) => decodeRecord(SessionEventSchema, value)),
    accountEvents: async () => (await recordsOf(memory, TOPICS.accountEvent)).map((value) => decodeRecord(AccountEventSchema, value)),
  };
}

/** All that is in the topic now. */
async function recordsOf(log: EventLog, topic: string): Promise<Uint8Array[]> {
  const ends = await log.ends(topic);
  const wanted = ends.partitions.reduce((sum, p) => sum + p.next - p.from, 0);
  const values: Uint8Array[] = [];
  if (wanted === 0) return values;
  await new Promise<void>((resolve, reject) => {
    log
      .consume(topic, {
        group: null,
        start: async () => new Map(ends.partitions.map((p) => [p.partition, p.from])),
        handle: async (records) => {
          values.push(...records.map((record) => record.value));
          if (values.length >= wanted) resolve();
        },
      })
      .then((consumption) => onTestFinished(() => consumption.stop()), reject);
  });
  return values;
}
