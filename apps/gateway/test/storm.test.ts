// Many come back at once, after a cut and after half a minute: each gets all that it missed, once and in order, for a handful of questions to
// messages and one encoding of each event, and those who stayed notice nothing. On a manual clock; load/bench/storm does it to the whole program.
import { afterEach, expect, test, vi } from 'vitest';
import { lineCodec } from './fake-socket.ts';
import { type Client, createWorld, idOf, type World } from './world.ts';

const BIG = idOf(1, 1);
const SMALL = Array.from({ length: 10 }, (_, i) => idOf(1, 100 + i));
const USERS = Array.from({ length: 100 }, (_, i) => idOf(2, 10 + i));
const STAYER = idOf(2, 1);
const EACH = 3;
let world: World;

afterEach(async () => {
  vi.restoreAllMocks();
  const stopped = world.core.stop();
  await world.clock.advance(20_000);
  await stopped;
});

const smallOf = (i: number): string => SMALL[i % SMALL.length] as string;

/** Everybody is in the big room and in one small one. */
async function gather(): Promise<{ crowd: Client[]; stayer: Client }> {
  world = await createWorld();
  for (const room of [BIG, ...SMALL]) await world.messages.join(room, STAYER);
  for (const [i, user] of USERS.entries()) for (const room of [BIG, smallOf(i)]) await world.messages.join(room, user);
  const stayer = world.connect(STAYER);
  const crowd = USERS.flatMap((user) => Array.from({ length: EACH }, () => world.connect(user)));
  for (const client of [stayer, ...crowd]) void client.resume();
  await world.clock.advance(1_000);
  return { crowd, stayer };
}

/** The same people with new sockets, from the places of the old ones. */
const comeBack = (crowd: readonly Client[]): Client[] =>
  crowd.map((client) => {
    const next = world.connect(client.user);
    void next.resume(client.places, null);
    return next;
  });

const roomsOf = (i: number): string[] => [BIG, smallOf(Math.floor(i / EACH))];

/** Nothing is missing, doubled or out of turn, and the end is the head of each room. */
function expectComplete(crowd: readonly Client[]): void {
  for (const [i, client] of crowd.entries()) {
    expect(client.wrong).toEqual([]);
    expect(client.frames('reset')).toEqual([]);
    for (const room of roomsOf(i)) expect(client.places.get(room)).toBe(world.messages.events(room).length);
  }
}

test('three hundred sockets that are cut while their rooms talk are back complete for less than a tenth of a query each', async () => {
  const { crowd, stayer } = await gather();
  const talk = async (): Promise<void> => {
    await world.messages.post(BIG, STAYER, 'to all');
    for (const room of SMALL) await world.messages.post(room, STAYER, 'to some');
  };
  await talk();
  await world.clock.advance(100);
  for (const client of crowd) client.close();
  for (let i = 0; i < 20; i++) {
    await talk();
    await world.clock.advance(50);
  }
  world.messages.calls.clear();
  const back = comeBack(crowd);
  for (let i = 0; i < 20; i++) {
    await talk();
    await world.clock.advance(20);
  }
  await world.clock.advance(1_000);
  expectComplete(back);
  expect(stayer.wrong).toEqual([]);
  expect(stayer.places.get(BIG)).toBe(world.messages.events(BIG).length);
  const queries = [...world.messages.calls].filter(([name]) => name !== 'messages.heads').reduce((sum, [, count]) => sum + count, 0);
  expect(queries / crowd.length).toBeLessThanOrEqual(0.1);
  // All that they missed is in the rings: nothing is read again.
  expect(world.messages.calls.get('messages.events') ?? 0).toBe(0);
});

test('after half a minute away a big room is read once and encoded once, however many want it', async () => {
  const { crowd, stayer } = await gather();
  for (const client of [stayer, ...crowd]) client.close();
  await world.clock.advance(30_000);
  const missed = 800;
  for (let i = 0; i < missed; i++) world.messages.postUnheard(BIG, STAYER, `${i}`);
  await world.clock.advance(10_000);
  world.messages.calls.clear();
  const encode = vi.spyOn(lineCodec, 'encode');
  const back = comeBack(crowd);
  await world.clock.advance(3_000);
  const encoded = encode.mock.calls.filter(([name]) => name === 'event').length;
  expectComplete(back);
  expect(back.every((client) => client.seen.filter(({ room }) => room === BIG).length === missed)).toBe(true);
  const pages = Math.ceil(missed / 128) + 1;
  expect(world.messages.calls.get('messages.events')).toBeLessThanOrEqual(pages + 1);
  expect(encoded).toBeLessThanOrEqual((pages + 1) * 128);
  expect(world.messages.calls.get('messages.sync')).toBeLessThanOrEqual(3);
});
