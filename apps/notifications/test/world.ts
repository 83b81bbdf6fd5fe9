// A notifications service as the world meets it: real Postgres, real HTTP app, a real push endpoint; log, queue and presence in memory, all on
// one clock that the test moves. The queue and the database outlive a service, so that a service can die and another go on.
import { createManualClock, type EventLog, type Job, type JobAttempt, type ManualClock, type Presence, systemRng as rng, type WorkQueue } from '@parley/ports';
import { createMemoryEventLog, createMemoryPresence, createMemoryWorkQueue } from '@parley/ports/memory';
import { testDatabase } from '@parley/postgres/testing';
import { type AccessClaims, eraseFromNotifications, ParleyError, TOPICS } from '@parley/protocol';
import { createHttpApp, createInternalBus, createLogger, type HttpApp, type PgConnection, type Service } from '@parley/runtime';
import pg from 'pg';
import { createNotifications, migrationsFolder, type NotificationsConfig } from '../src/index.ts';
import { createStandIn, newId, type Someone, type StandIn } from './messages-stand-in.ts';
import { type PushService, startPushService } from './push-service.ts';

export interface Answer {
  readonly status: number;
  // What JSON.parse answers; each test looks at the fields that it is about.
  readonly body: Record<string, never> & { error: { code: string } };
  readonly text: string;
}

export interface World {
  readonly clock: ManualClock;
  readonly said: StandIn;
  readonly pushes: PushService;
  readonly queue: WorkQueue;
  readonly presence: Presence;
  readonly log: EventLog;
  /** Every job is handed out twice, at once, to two workers that know nothing of each other. */
  doubled: boolean;
  /** Enqueueing fails, before or after the jobs are in. */
  queueFault: 'refuse' | 'take and fail' | null;
  as(user: Someone): (method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE', path: string, body?: object) => Promise<Answer>;
  /** Without a session. */
  visit(method: 'GET' | 'POST', path: string, form?: string): Promise<Answer>;
  /** One browser of the person is subscribed under this name. */
  device(user: Someone, name: string): Promise<void>;
  online(...users: Someone[]): Promise<void>;
  query<T>(sql: string, values?: unknown[]): Promise<T[]>;
  /** What became of the person's notification of a message; null: there is none. */
  fate(user: Someone, seq: number): Promise<{ push: string; mail: string; reason: string | null } | null>;
  /** Moves the clock in small steps until it is true, and waits while a job is in hand. `steps`: at once, where long pauses are to pass. */
  until(what: string, condition: () => boolean | Promise<boolean>, steps?: number): Promise<void>;
  /** Until the log is read to its end and nothing is due. */
  settled(): Promise<void>;
  /** The service ends, `meanwhile` happens, and another one goes on. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  erase(user: Someone): Promise<void>;
  stop(): Promise<void>;
}

const CONFIG: NotificationsConfig = {
  publicUrl: 'https://chat.example.org',
  vapid: null,
  vapidSubject: 'mailto:operator@example.org',
  smtpUrl: null,
  mailFrom: 'Parley <parley@example.org>',
  allowPrivate: true,
};
const STEP_MS = 100;
const REAL_MS = 30_000;

/** Lets real I/O go on: the test's clock must not run away from sockets and the database. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));

/** Everything is stopped and dropped by `stop`. */
export async function startWorld(changed: Partial<NotificationsConfig> = {}): Promise<World> {
  const database = await testDatabase(migrationsFolder);
  const clock = createManualClock();
  const log = createMemoryEventLog({ clock, rng, topics: { [TOPICS.roomEvent]: { partitions: 2 }, [TOPICS.sessionEvent]: { partitions: 1 } } });
  const inner = createMemoryWorkQueue({ clock });
  let inHand = 0;
  const queue: WorkQueue = {
    ...inner,
    work: (name, handle, options) =>
      inner.work(
        name,
        async (job) => {
          inHand++;
          const work = world.doubled ? handleTwice(job, handle) : handle(job);
          await work.finally(() => inHand--);
        },
        options,
      ),
    enqueue: async (jobs: readonly Job[]) => {
      if (world.queueFault !== 'refuse') await inner.enqueue(jobs);
      if (world.queueFault !== null) throw new Error('planned by the test');
    },
  };
  const presence = createMemoryPresence({ clock });
  const said = createStandIn(log, clock.now);
  const pushes = await startPushService();
  const pool = new pg.Pool({ ...database.connection, max: 2 });
  // The database is dropped while its last connections are closing.
  pool.on('error', () => undefined);
  const start = () => startService({ database: database.connection, clock, log, queue, presence, said, config: { ...CONFIG, ...changed } });
  let running = await start();

  const until: World['until'] = async (what, condition, steps = 1) => {
    for (const end = performance.now() + REAL_MS; performance.now() < end; ) {
      if (await condition()) return;
      for (let step = 0; step < steps && inHand === 0; step++) await clock.advance(STEP_MS);
      await turn();
    }
    throw new Error(`it did not come to pass: ${what}`);
  };
  const query = async <T>(sql: string, values: unknown[] = []): Promise<T[]> => (await pool.query(sql, values)).rows as T[];
  const world: World = {
    clock,
    said,
    pushes,
    queue,
    presence,
    log,
    queueFault: null,
    doubled: false,
    as: (user) => (method, path, body) => call(running.app, method, path, { authorization: `Bearer ${user.id}` }, body),
    visit: (method, path, form) => call(running.app, method, path, form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }, form),
    async device(user, name) {
      const { status } = await world.as(user)('POST', '/api/notifications/devices', { subscription: pushes.subscribe(name), label: name });
      if (status !== 200) throw new Error(`the device was not taken: ${status}`);
    },
    online: async (...users) => {
      await presence.touch(
        'worker',
        24 * 3_600_000,
        users.map((user) => user.id),
      );
    },
    query,
    fate: async (user, seq) =>
      (
        await query<{ push: string; mail: string; reason: string | null }>('SELECT push, mail, reason FROM notification WHERE user_id = $1 AND seq = $2', [
          user.id,
          seq,
        ])
      )[0] ?? null,
    until,
    async settled() {
      await until('the log is read', async () => {
        const { partitions } = await log.ends(TOPICS.roomEvent);
        const read = await query<{ partition: number; next: string }>('SELECT partition, next FROM log_offset WHERE topic = $1', [TOPICS.roomEvent]);
        return partitions.every(({ partition, next }) => read.some((row) => row.partition === partition && Number(row.next) === next));
      });
    },
    async restart(meanwhile) {
      await running.stop();
      await meanwhile?.();
      running = await start();
    },
    erase: async (user) => {
      await running.bus.clientFor('accounts').call(eraseFromNotifications, { user: user.id, saga: newId() });
    },
    async stop() {
      await running.stop();
      await pushes.stop();
      await pool.end();
      await database.drop();
    },
  };
  return world;
}

/** The second one comes again, as the queue lets it, when it was refused; what it throws then is what becomes of the job. */
async function handleTwice(job: JobAttempt, handle: (job: JobAttempt) => Promise<void>): Promise<void> {
  const first = handle(job);
  const second = handle({ ...job }).catch(async () => {
    await first.catch(() => undefined);
    await handle({ ...job });
  });
  const [one, other] = await Promise.allSettled([first, second]);
  if (other.status === 'rejected') throw other.reason;
  // The first may be the one that was refused.
  if (one.status === 'rejected') await handle({ ...job });
}

interface Parts {
  readonly database: PgConnection;
  readonly clock: ManualClock;
  readonly log: EventLog;
  readonly queue: WorkQueue;
  readonly presence: Presence;
  readonly said: StandIn;
  readonly config: NotificationsConfig;
}

async function startService({ database, clock, log, queue, presence, said, config }: Parts) {
  const logger = createLogger({ level: 'silent' });
  const bus = createInternalBus({ key: 'a key for tests that is long enough', clock, rng });
  bus.register(said.handlers);
  const verifier = {
    verify: async (token: string): Promise<AccessClaims> => {
      if (token === '') throw new ParleyError('unauthenticated');
      return { sub: token, sid: token, exp: 4_102_444_800, iat: 0, role: 'member', cls: 'person' };
    },
  };
  const service: Service = createNotifications({
    database,
    log,
    queue,
    presence,
    internal: bus.clientFor('notifications'),
    verifier,
    clock,
    rng,
    logger,
    config,
  });
  await service.start();
  bus.register(service.internal ?? []);
  const app = createHttpApp({ logger, rng });
  await service.routes?.(app);
  await app.ready();
  const stop = async (): Promise<void> => {
    await app.close();
    await service.stop();
  };
  return { app, bus, stop };
}

async function call(
  app: HttpApp,
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE',
  path: string,
  headers: Record<string, string>,
  body?: object | string,
): Promise<Answer> {
  const response = await app.inject({ method, url: path, headers, ...(body === undefined ? {} : { payload: body }) });
  const json = String(response.headers['content-type']).includes('json');
  return { status: response.statusCode, body: json ? response.json() : ({} as Answer['body']), text: response.body };
}
