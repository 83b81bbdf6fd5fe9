// What every storage promises, held by each of them in the same words.
import 'fake-indexeddb/auto';
import { describe, expect, test } from 'vitest';
import type { Storage } from '../src/api.ts';
import { indexedDbStorage, memoryStorage } from '../src/index.ts';
import { ROOM } from './random-events.ts';
import { world } from './world.ts';

let made = 0;
const storages: readonly (readonly [string, () => { storage: Storage; again: () => Storage }])[] = [
  [
    'memory',
    () => {
      const storage = memoryStorage();
      return { storage, again: () => storage };
    },
  ],
  [
    'IndexedDB',
    () => {
      const name = `conformance ${++made}`;
      return { storage: indexedDbStorage(name), again: () => indexedDbStorage(name) };
    },
  ],
];

describe.each(storages)('%s storage', (_name, make) => {
  test('gives back what was set, and undefined for what was not', async () => {
    const { storage } = make();
    await storage.set('a', { text: 'x', list: [1, null] });
    expect(await storage.get('a')).toEqual({ text: 'x', list: [1, null] });
    expect(await storage.get('b')).toBeUndefined();
  });

  test('the last write of a key holds, and a deleted key is gone', async () => {
    const { storage } = make();
    await storage.set('a', 1);
    await storage.set('a', 2);
    expect(await storage.get('a')).toBe(2);
    await storage.delete('a');
    await storage.delete('a');
    expect(await storage.get('a')).toBeUndefined();
  });

  test('lists exactly the keys with the prefix, in order of the keys', async () => {
    const { storage } = make();
    for (const key of ['room:b', 'room:a', 'rooms', 'room', 'outbox:a']) await storage.set(key, key);
    expect(await storage.list('room:')).toEqual([
      ['room:a', 'room:a'],
      ['room:b', 'room:b'],
    ]);
    expect(await storage.list('nothing:')).toEqual([]);
    expect((await storage.list('')).length).toBe(5);
  });

  test('what was awaited is there for who opens it anew', async () => {
    const { storage, again } = make();
    await storage.set('a', 'kept');
    expect(await again().get('a')).toBe('kept');
  });

  test('a client that is started again paints what the first one had, sends what it could not, and forgets all at sign-out', async () => {
    const { storage, again } = make();
    const { clock, server, online, client } = world(storage);
    server.addRoom(ROOM);
    const first = await online();
    await first.room(ROOM).open();
    await first.room(ROOM).send('kept');
    server.faults.ack = () => 'lost';
    const unsent = first.room(ROOM).send('not sent');
    unsent.catch(() => {});
    await clock.advance(2_000);
    await first.close();
    server.faults.ack = () => undefined;
    const second = client({ storage: again() });
    expect(await second.restore()).toBe(true);
    expect(second.state.rooms.get(ROOM)?.messages.map((message) => message.text)).toEqual(['kept']);
    expect(second.state.outbox.map((entry) => entry.state)).toEqual(['sending']);
    await second.connect();
    await clock.advance(2_000);
    expect(server.fresh(ROOM, 5).messages.map((message) => message.text)).toEqual(['kept', 'not sent']);
    await second.logout();
    expect(await again().list('')).toEqual([]);
  });

  test('many writes at once all arrive', async () => {
    const { storage } = make();
    await Promise.all(Array.from({ length: 50 }, (_, i) => storage.set(`k${i}`, i)));
    expect(await storage.list('k')).toHaveLength(50);
  });
});

test('without an IndexedDB that opens, the browser storage keeps to memory', async () => {
  const open = indexedDB.open;
  indexedDB.open = () => {
    throw new Error('private window');
  };
  try {
    const storage = indexedDbStorage('refused');
    await storage.set('a', 1);
    expect(await storage.get('a')).toBe(1);
    expect(await storage.list('')).toEqual([['a', 1]]);
    await storage.delete('a');
    expect(await storage.get('a')).toBeUndefined();
  } finally {
    indexedDB.open = open;
  }
});
