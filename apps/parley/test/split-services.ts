// Accounts, rooms, messages and media each on their own port with their own Postgres database, behind the edge of a cluster: all real
// but the log and the feed, which are in memory. Ends with the test.
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrationsFolder as accountsMigrations, createAccounts } from '@parley/accounts';
import { createEdgeProxy } from '@parley/edge';
import { createMedia, migrationsFolder as mediaMigrations } from '@parley/media';
import { createMessages, migrationsFolder as messagesMigrations } from '@parley/messages';
import { systemClock as clock, systemRng as rng } from '@parley/ports';
import { createMemoryEventLog, createMemoryFeed, createMemoryWorkQueue } from '@parley/ports/memory';
import { testDatabase } from '@parley/postgres/testing';
import { readJwks } from '@parley/protocol';
import { createRooms, migrationsFolder as roomsMigrations } from '@parley/rooms';
import {
  createInternalHttp,
  createLogger,
  createRevocations,
  createVerifier,
  type RunningService,
  runService,
  type Service,
  TOKEN_ISSUER,
} from '@parley/runtime';
import { onTestFinished } from 'vitest';
import { LOG_TOPICS } from '../src/log-topics.ts';

const KEY = 'a key that is long enough for this test';
const logger = createLogger({ level: 'silent', stream: { write: () => {} } });

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface Split {
  readonly url: string;
  /** How many requests reached each service, health aside. */
  readonly reached: Record<string, number>;
  /** Ends one service; its port stays closed. */
  stop(service: string): Promise<void>;
}

export async function startSplit(): Promise<Split> {
  const names = ['accounts', 'rooms', 'messages', 'media'] as const;
  const ports = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await freePort()] as const)));
  const urls = Object.fromEntries(names.map((name) => [name, [`http://127.0.0.1:${ports[name]}`]]));
  const folders = { accounts: accountsMigrations, rooms: roomsMigrations, messages: messagesMigrations, media: mediaMigrations };
  const databases = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await testDatabase(folders[name])] as const)));
  const log = createMemoryEventLog({ clock, topics: LOG_TOPICS });
  const dir = mkdtempSync(join(tmpdir(), 'parley-files-'));
  const revocations = createRevocations({ log, clock, logger });
  await revocations.start();
  const reached: Record<string, number> = {};
  const running = new Map<string, RunningService>();

  const shared = (name: (typeof names)[number]) => {
    const http = createInternalHttp({ key: KEY, urls, clock, rng, logger });
    const internal = http.clientFor(name);
    const verifier = createVerifier({ jwks: () => internal.call(readJwks, {}), revocations, clock, issuer: TOKEN_ISSUER });
    const database = databases[name]?.connection;
    if (database === undefined) throw new Error(name);
    return { http, deps: { database, log, internal, verifier, clock, rng, logger } };
  };
  const run = async (name: (typeof names)[number], make: (deps: ReturnType<typeof shared>['deps']) => Service): Promise<void> => {
    const { http, deps } = shared(name);
    const process = { exit: () => {}, signals: new EventEmitter() };
    const options = { name, logger, clock, rng, host: '127.0.0.1', port: ports[name] ?? 0, graceMs: 5_000, internalKey: KEY, process };
    const one = await runService({ ...options, service: make(deps), closers: [http.close] });
    one.app.server.on('request', ({ url }: { url?: string }) => {
      if (!url?.startsWith('/health/')) reached[name] = (reached[name] ?? 0) + 1;
    });
    running.set(name, one);
  };
  await run('accounts', (deps) => createAccounts({ ...deps, config: { issuer: TOKEN_ISSUER, registration: 'open', setupCode: null } }));
  await run('messages', (deps) => createMessages({ ...deps, feed: createMemoryFeed({ clock }) }));
  await run('rooms', createRooms);
  await run('media', (deps) => createMedia({ ...deps, queue: createMemoryWorkQueue({ clock }), config: { dir, linkKey: rng.secret(32) } }));
  const http = createInternalHttp({ key: KEY, urls, clock, rng, logger });
  const edge = await createEdgeProxy({ http, gatewayUrls: ['http://127.0.0.1:1'], webRoot: dir, origins: [], clock, rng, logger });
  const url = await edge.app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    edge.app.server.closeAllConnections();
    await edge.app.close();
    await http.close();
    for (const one of running.values()) await one.stop();
    await revocations.stop();
    await Promise.all(Object.values(databases).map((database) => database.drop()));
    rmSync(dir, { recursive: true });
  });
  return {
    url,
    reached,
    async stop(service) {
      await running.get(service)?.stop();
      running.delete(service);
    },
  };
}
