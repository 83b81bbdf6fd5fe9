// A room of another system comes in whole or not at all, whoever dies on the way.

import { systemClock } from '@parley/ports';
import { bringPeople, type ImportPart, type ImportProgress, importMessages, ParleyError, type Person } from '@parley/protocol';
import { answer, type InternalHandler, idFrom } from '@parley/runtime';
import { afterEach, expect, test } from 'vitest';
import { startWorld, until, type World } from './world.ts';

const OWNER = '00000000-0000-7000-8000-00000000a11c';
const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});

interface Faults {
  /** Calls of messages.import that fail, each after the messages are taken. */
  failAfter: number;
  /** Messages that are refused. */
  refuse: boolean;
  hang: boolean;
}

/** accounts and messages as an import sees them. */
function services() {
  const people = new Map<string, Person>();
  const brought = new Map<string, { author: string; text: string; replyTo?: object | null | undefined }>();
  const faults: Faults = { failAfter: 0, refuse: false, hang: false };
  let calls = 0;
  const others: InternalHandler[] = [
    answer(bringPeople, async ({ people: asked }) => ({
      people: asked.map(({ handle, name }) => {
        const person = people.get(handle) ?? { id: idFrom('person', handle), handle, name, ver: 1, bot: false };
        people.set(handle, person);
        return person;
      }),
    })),
    answer(importMessages, async ({ messages }) => {
      calls++;
      while (faults.hang) await systemClock.sleep(5);
      if (faults.refuse) return { committed: 0, rejected: messages.length, pending: 0 };
      for (const { author, clientId, text, replyTo } of messages) brought.set(clientId, { author, text, replyTo });
      if (faults.failAfter-- > 0) throw new ParleyError('unavailable');
      return { committed: messages.length, rejected: 0, pending: 0 };
    }),
  ];
  return { others, people, brought, faults, calls: () => calls };
}

async function start(others: readonly InternalHandler[]) {
  const world = await startWorld({ others });
  worlds.push(world);
  const ask = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object) => {
    const answered = await world.as(`owner:${OWNER}`)(method, path, body);
    return { status: answered.status, body: answered.body as unknown as ImportProgress & { error?: { code: string } } };
  };
  const begin = async (): Promise<string> => (await ask('POST', '/api/imports', { name: 'old room' })).body.import;
  const put = (id: string, n: number, part: ImportPart) => ask('PUT', `/api/imports/${id}/parts/${n}`, part);
  const untilState = async (id: string, state: string): Promise<ImportProgress> => {
    await until(`the import is ${state}`, async () => (await ask('GET', `/api/imports/${id}`)).body.state === state);
    return (await ask('GET', `/api/imports/${id}`)).body;
  };
  return { world, ask, begin, put, untilState };
}

const line = (n: number, author = 'irc.ann', replyTo?: number) => ({
  author,
  clientId: idFrom('line', String(n)),
  time: 1_000 + n,
  text: `line ${n}`,
  ...(replyTo === undefined ? {} : { replyTo: { author: 'irc.ann', clientId: idFrom('line', String(replyTo)) } }),
});

test('The room is made once, its people join, its messages come in order of the parts, and what was sent is dropped.', async () => {
  const { others, people, brought } = services();
  const { world, ask, begin, put, untilState } = await start(others);
  const id = await begin();
  expect((await ask('GET', `/api/imports/${id}`)).body).toMatchObject({ state: 'collecting', parts: 0 });
  await put(id, 0, { people: [{ handle: 'irc.ann', name: 'Ann' }] });
  await put(id, 1, { messages: [line(1), line(2)] });
  await put(id, 2, { messages: [line(3, 'irc.bob', 1)] });
  expect((await ask('POST', `/api/imports/${id}/run`, { parts: 3 })).body.state).toBe('running');
  const done = await untilState(id, 'done');
  expect(done).toMatchObject({ parts: 3, partsDone: 3, messages: 3, reason: null });
  expect(people.get('irc.ann')?.name).toBe('Ann');
  expect([...brought.values()].map(({ text }) => text)).toEqual(['line 1', 'line 2', 'line 3']);
  expect(brought.get(idFrom('line', '3'))).toMatchObject({
    author: idFrom('person', 'irc.bob'),
    replyTo: { author: idFrom('person', 'irc.ann'), clientId: idFrom('line', '1') },
  });
  await until('the changes are in the log', () => world.messages.changesOf(done.room as string).length === 4);
  expect(world.messages.changesOf(done.room as string).map(({ change }) => change.type)).toEqual([
    'room.created',
    'member.joined',
    'member.joined',
    'member.joined',
  ]);
  expect((await put(id, 0, { messages: [line(1)] })).body.error?.code).toBe('not_found');
});

test('A part that failed after it was taken is brought again under the same ids.', async () => {
  const { others, brought, faults, calls } = services();
  const { ask, begin, put, untilState } = await start(others);
  const id = await begin();
  await put(id, 0, { messages: [line(1), line(2)] });
  faults.failAfter = 2;
  await ask('POST', `/api/imports/${id}/run`, { parts: 1 });
  expect(await untilState(id, 'done')).toMatchObject({ messages: 2 });
  expect(calls()).toBe(3);
  expect(brought.size).toBe(2);
});

test('What is refused undoes the import: its room is archived, and the reason is told.', async () => {
  const { others, faults } = services();
  const { world, ask, begin, put, untilState } = await start(others);
  const id = await begin();
  await put(id, 0, { messages: [line(1)] });
  faults.refuse = true;
  await ask('POST', `/api/imports/${id}/run`, { parts: 1 });
  const undone = await untilState(id, 'undone');
  expect(undone.reason).toContain('1 messages were refused');
  await until('the room is archived', () => world.messages.changesOf(undone.room as string).at(-1)?.change.type === 'room.archived');
});

test('Cancelled in the middle it is undone; cancelled before it was run nothing is left.', async () => {
  const { others, faults } = services();
  const { world, ask, begin, put, untilState } = await start(others);
  const id = await begin();
  await put(id, 0, { messages: [line(1)] });
  faults.hang = true;
  await ask('POST', `/api/imports/${id}/run`, { parts: 1 });
  await until('it has a room', () => world.messages.seen.length > 1);
  await ask('DELETE', `/api/imports/${id}`);
  expect(await untilState(id, 'undone')).toMatchObject({ reason: 'cancelled' });
  faults.hang = false;
  const other = await begin();
  await put(other, 0, { messages: [line(1)] });
  expect((await ask('DELETE', `/api/imports/${other}`)).body.state).toBe('undone');
  expect((await ask('GET', `/api/imports/${other}`)).status).toBe(404);
});

test('It is not run with a part missing or too many, nor by anybody but the owner of the installation.', async () => {
  const { others } = services();
  const { world, ask, begin, put } = await start(others);
  const id = await begin();
  await put(id, 0, { messages: [line(1)] });
  await put(id, 2, { messages: [line(2)] });
  for (const parts of [1, 2, 3]) expect((await ask('POST', `/api/imports/${id}/run`, { parts })).body.error?.code).toBe('invalid');
  const stranger = world.as(world.people[0] as string);
  for (const [method, path] of [
    ['POST', '/api/imports'],
    ['GET', `/api/imports/${id}`],
    ['DELETE', `/api/imports/${id}`],
    ['GET', '/api/sagas/rooms'],
  ] as const) {
    expect((await stranger(method, path, method === 'POST' ? { name: 'x' } : undefined)).body.error.code).toBe('forbidden');
  }
});
