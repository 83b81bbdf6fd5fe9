// With the database away a caller is told `unavailable`, which says that the outcome is not known, and never `internal`.

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { testDatabase } from '@parley/postgres/testing';
import { createLogger } from '@parley/runtime';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { joinRoom } from '../src/changes/join-room.ts';
import { migrationsFolder } from '../src/index.ts';
import { createRelayLease } from '../src/log/relay-lease.ts';
import { createStore } from '../src/store/store.ts';
import { type Database, openDatabase, orUnavailable } from '../src/store/store-database.ts';

const ROOM = '00000000-0000-7000-8000-000000000001';
const open: Database[] = [];
afterEach(async () => {
  for (const db of open.splice(0)) await db.$disconnect();
});
const storeAt = (connection: Parameters<typeof openDatabase>[0]) => {
  const db = openDatabase(connection);
  open.push(db);
  return createStore(db);
};

describe('the database', () => {
  it('that nobody listens for is unavailable to readers and writers', async () => {
    const store = storeAt({ host: '127.0.0.1', port: 9, user: 'nobody', database: 'none' });
    await expect(store.read(ROOM, [])).rejects.toMatchObject({ code: 'unavailable', retryAfterMs: 1000 });
    await expect(store.change(ROOM, ROOM, [], joinRoom(ROOM), 0)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('that ends our connections is unavailable at worst, and there again with the next call', async () => {
    const { connection, drop } = await testDatabase(migrationsFolder);
    const store = storeAt(connection);
    await store.create(ROOM, ROOM, [{ type: 'room.created', body: { kind: 'group', name: 'x', topic: '', visibility: 'private', history: 'all' } }], 0);
    const blocker = new pg.Client({ ...connection });
    await blocker.connect();
    await blocker.query('BEGIN');
    await blocker.query('SELECT 1 FROM rooms FOR UPDATE');
    const refused = expect(store.change(ROOM, ROOM, [], () => [{ type: 'room.archived', body: {} }], 0)).rejects.toMatchObject({ code: 'unavailable' });
    const others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'";
    while ((await blocker.query(others)).rows.length === 0);
    await blocker.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()');
    await refused;
    await blocker.end();
    expect(await store.read(ROOM, [])).toMatchObject({ id: ROOM, archived: false, mver: 1 });
    await drop();
  });

  it('that takes connections and never answers holds nobody up for ever', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const connection = { host: '127.0.0.1', port: (silent.address() as AddressInfo).port, user: 'nobody', database: 'none' };
    await expect(createRelayLease(connection, createLogger({ level: 'silent' }), 100).hold()).rejects.toThrow(/timeout/);
    await expect(storeAt(connection).read(ROOM, [])).rejects.toMatchObject({ code: 'unavailable' });
    silent.close();
  });

  it.each(['Query read timeout', 'timeout exceeded when trying to connect', 'Client has encountered a connection error and is not queryable'])(
    'is away when the driver says: %s',
    async (said) => {
      await expect(orUnavailable(() => Promise.reject(new Error(said)))).rejects.toMatchObject({ code: 'unavailable' });
    },
  );
});
