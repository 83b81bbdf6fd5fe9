// The Postgres adapters keep the ports' promises. One database for all: a test leaves its tables empty.
import { createManualClock, type ManualClock } from '@parley/ports';
import { CONFORMANCE_TOPICS, eventLogConformance, type World, workQueueConformance } from '@parley/ports/conformance';
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { createPostgresEventLog, createPostgresWorkQueue, type PgConnection } from '../src/index.ts';
import { logMigrationsFolder } from '../src/migrations-folder.ts';
import { type TestDatabase, testDatabase } from '../src/testing.ts';

let database: TestDatabase;
let admin: pg.Client;

beforeAll(async () => {
  database = await testDatabase(logMigrationsFolder);
  admin = new pg.Client({ ...database.connection });
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await database.drop();
});

const world =
  <Port extends { close(): Promise<void> }>(create: (connection: PgConnection, clock: ManualClock) => Promise<Port>) =>
  async (): Promise<World<Port>> => {
    const clock = createManualClock();
    const port = await create(database.connection, clock);
    const close = async (): Promise<void> => {
      await port.close();
      await admin.query('TRUNCATE log_topic, log_partition, log_record, work_job');
    };
    return { port, advance: clock.advance, close };
  };

eventLogConformance(
  'postgres',
  world((connection, clock) => createPostgresEventLog({ connection, topics: CONFORMANCE_TOPICS, clock })),
);
workQueueConformance(
  'postgres',
  world((connection, clock) => createPostgresWorkQueue({ connection, clock })),
);
