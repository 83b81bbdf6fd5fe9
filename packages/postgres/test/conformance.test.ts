// The Postgres adapters keep the ports' promises.
import { createManualClock } from '@parley/ports';
import { CONFORMANCE_TOPICS, eventLogConformance, workQueueConformance } from '@parley/ports/conformance';
import { createPostgresEventLog, createPostgresWorkQueue } from '../src/index.ts';
import { logMigrationsFolder } from '../src/migrations-folder.ts';
import { testDatabase } from '../src/testing.ts';

eventLogConformance('postgres', async () => {
  const clock = createManualClock();
  const database = await testDatabase(logMigrationsFolder);
  const log = await createPostgresEventLog({ connection: database.connection, topics: CONFORMANCE_TOPICS, clock });
  const close = async (): Promise<void> => {
    await log.close();
    await database.drop();
  };
  return { port: log, advance: clock.advance, close };
});

workQueueConformance('postgres', async () => {
  const clock = createManualClock();
  const database = await testDatabase(logMigrationsFolder);
  const queue = await createPostgresWorkQueue({ connection: database.connection, clock });
  const close = async (): Promise<void> => {
    await queue.close();
    await database.drop();
  };
  return { port: queue, advance: clock.advance, close };
});
