// What reaches the log when appends fail, processes race or messages asks again: repeats at most, never a gap or another order.
import { encodeRecord, TOPICS, WELCOME_BOT } from '@parley/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startWorld, until, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.stop());

const person = (index: number): string => world.people[index] as string;
const makeChannel = async (owner: string): Promise<string> => (await world.as(owner)('POST', '/api/rooms', { kind: 'channel', name: 'lobby' })).body.room;
const mvers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const joinAll = (room: string, from: number, to: number) => world.people.slice(from, to).map((user) => world.as(user)('POST', `/api/rooms/${room}/join`));

/** Every number's first place in the log comes after the first place of the number before. */
const firstPlacesInOrder = (room: string): boolean => {
  const all = world.messages.seen.filter((command) => command.room === room).map((command) => command.mver);
  return [...new Set(all)].every((mver, index) => mver === index + 1);
};

describe('the relay', () => {
  it('repeats what it had appended when it does not learn so, and reorders nothing', async () => {
    const room = await makeChannel(person(0));
    world.appends.next = 'take and fail';
    const joins = joinAll(room, 1, 11);
    await until('some appends failed', () => world.appends.failures >= 3);
    world.appends.next = 'ok';
    await Promise.all(joins);
    await until('all is applied', () => world.messages.applied.get(room)?.length === 12);
    expect(world.messages.applied.get(room)).toEqual(mvers(12));
    expect(world.messages.seen.length).toBeGreaterThan(12);
    expect(firstPlacesInOrder(room)).toBe(true);
    expect(world.messages.gaps).toEqual([]);
  });

  it('loses nothing while the log is away, and says so', async () => {
    const room = await makeChannel(person(0));
    world.appends.next = 'refuse';
    const joins = joinAll(room, 1, 6);
    await until('the trouble is told', () => (world.service.problems?.() ?? []).length > 0);
    expect(world.messages.applied.get(room)).toEqual(mvers(2));
    world.appends.next = 'ok';
    await Promise.all(joins);
    await until('all is applied', () => world.messages.applied.get(room)?.length === 7);
    await until('the trouble is over', () => world.service.problems?.().length === 0);
  });

  it('of a second process takes over when the first one ends, in order', async () => {
    const room = await makeChannel(person(0));
    const second = world.another();
    await second.start();
    world.appends.next = 'refuse';
    const joins = joinAll(room, 1, 6);
    const members = async () => (await world.as(person(50))('GET', '/api/rooms/public')).body.rooms.map((found: { members: number }) => found.members);
    await until('all have committed', async () => (await members())[0] === 6);
    await world.service.stop();
    expect((await Promise.all(joins)).map((answer) => answer.status)).toEqual(Array(5).fill(202));
    world.appends.next = 'ok';
    await until('the second process has sent them', () => world.messages.applied.get(room)?.length === 7);
    expect(firstPlacesInOrder(room)).toBe(true);
    expect(world.messages.gaps).toEqual([]);
  });

  it('sends a room again from where messages asks, and nothing of other rooms', async () => {
    const room = await makeChannel(person(0));
    const other = await makeChannel(person(0));
    await Promise.all(joinAll(room, 1, 4));
    await until('all is applied', () => world.messages.applied.get(room)?.length === 5);
    const before = world.messages.seen.length;
    await world.resend(room, 2);
    await until('the repeats are there', () => world.messages.seen.length >= before + 3);
    const repeats = world.messages.seen.slice(before);
    expect(repeats.map((command) => command.mver)).toEqual([3, 4, 5]);
    expect(repeats.some((command) => command.room === other)).toBe(false);
  });
});

describe('#welcome', () => {
  const created = (user: string, owner: boolean) => encodeRecord({ v: 1, type: 'account.created', user, owner, time: 1_000 });
  const tell = (...values: Uint8Array[]) =>
    world.log.append(
      TOPICS.accountEvent,
      values.map((value) => ({ partition: 0, key: 'k', value })),
    );
  const members = (room: string): string[] =>
    world.messages.changesOf(room).flatMap((command) => (command.change.type === 'member.joined' ? [command.change.body.user] : []));
  const findRoom = async (): Promise<string> => {
    await until('the room is there', () => world.messages.imports.length >= 3);
    return world.messages.imports[0]?.room as string;
  };

  it('comes with the owner, begins with three messages of the bot, and takes in everybody after', async () => {
    await tell(created(person(0), true), created(person(1), false));
    const room = await findRoom();
    await tell(created(person(2), false));
    await until('three members', () => members(room).length === 3);
    expect(members(room)).toEqual([person(0), person(1), person(2)]);
    expect(world.messages.changesOf(room).slice(0, 2)).toMatchObject([
      { author: person(0), mver: 1, change: { type: 'room.created', body: { kind: 'channel', name: 'welcome', visibility: 'public' } } },
      { author: person(0), mver: 2, change: { type: 'member.joined', body: { role: 'owner' } } },
    ]);
    expect(world.messages.imports).toHaveLength(3);
    expect(new Set(world.messages.imports.map((command) => command.author))).toEqual(new Set([WELCOME_BOT]));
    expect(new Set(world.messages.imports.map((command) => ('clientId' in command ? command.clientId : ''))).size).toBe(3);
  });

  it('is not made twice, and nobody is taken in twice, when records are repeated', async () => {
    await tell(created(person(0), true), created(person(1), false));
    const room = await findRoom();
    await until('two members', () => members(room).length === 2);
    await world.as(person(1))('POST', `/api/rooms/${room}/leave`);
    await tell(created(person(0), true), created(person(1), false), created(person(2), false));
    await until('the third is in', () => members(room).includes(person(2)));
    expect(members(room)).toEqual([person(0), person(1), person(2)]);
    expect(world.messages.imports).toHaveLength(3);
  });

  it('takes in those who came before the owner as soon as it is there, and passes over a record that cannot be read', async () => {
    await tell(created(person(1), false), new TextEncoder().encode('not json'));
    await tell(created(person(0), true));
    const room = await findRoom();
    await until('both are in', () => members(room).length === 2);
    expect(members(room)).toEqual([person(0), person(1)]);
  });
});
