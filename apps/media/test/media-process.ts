// A media service as a process of its own, to be killed: settings as JSON in the first argument, its address as the first line it says.
// In it everybody is a member of every room.
import type { AddressInfo } from 'node:net';
import { systemClock as clock, systemRng as rng } from '@parley/ports';
import { createMemoryEventLog, createMemoryWorkQueue } from '@parley/ports/memory';
import { readRight, TOPICS } from '@parley/protocol';
import { answer, createHttpApp, createInternalBus, createLogger, type PgConnection } from '@parley/runtime';
import { createMedia } from '../src/index.ts';
import { LINK_KEY, verifier } from './world.ts';

const { database, dir } = JSON.parse(process.argv[2] ?? '') as { database: PgConnection; dir: string };
const bus = createInternalBus({ key: 'a key for tests that is long enough', clock, rng });
bus.register([answer(readRight, async ({ room }) => ({ right: { room, role: 'member' as const, floor: 0, joinSeq: 1, head: 1 } }))]);
const logger = createLogger({ level: 'silent' });
const service = createMedia({
  database,
  log: createMemoryEventLog({ clock, rng, topics: { [TOPICS.roomEvent]: { partitions: 1 } } }),
  queue: createMemoryWorkQueue({ clock }),
  internal: bus.clientFor('media'),
  verifier,
  clock,
  rng,
  logger,
  config: { dir, linkKey: LINK_KEY },
});
await service.start();
const app = createHttpApp({ logger, rng });
await service.routes?.(app);
await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}\n`);
