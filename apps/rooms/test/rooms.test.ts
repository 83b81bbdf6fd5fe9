// Stories of rooms over HTTP: what a caller gets, and what reaches the log for messages to apply.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, startWorld, until, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.stop());

const person = (index: number): string => world.people[index] as string;
const makeChannel = async (owner: string, over: object = {}): Promise<string> =>
  (await world.as(owner)('POST', '/api/rooms', { kind: 'channel', name: 'lobby', ...over })).body.room;
/** Done, or pending because this machine is slow: either way it happens. */
const taken = (answer: Answer): boolean => answer.status === 200 || answer.status === 202;
const mvers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('a change', () => {
  it('is answered with the seq of its last event', async () => {
    const answer = await world.as(person(0))('POST', '/api/rooms', { kind: 'group', name: 'friends', members: [person(1), person(2)] });
    expect(answer).toMatchObject({ status: 200, body: { status: 'done', seq: 4 } });
    expect(world.messages.changesOf(answer.body.room).map((command) => command.change.type)).toEqual([
      'room.created',
      'member.joined',
      'member.joined',
      'member.joined',
    ]);
  });

  it('is answered as pending when its event has no seq after five seconds, and still happens', async () => {
    world.messages.held = true;
    const answer = await world.as(person(0))('POST', '/api/rooms', { kind: 'channel', name: 'slow' });
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ room: answer.body.room, status: 'pending' });
    world.messages.held = false;
    await until('the room is applied', () => world.messages.applied.get(answer.body.room)?.length === 2);
  });

  it('of several fields is several mvers, and of none is done without a seq', async () => {
    const room = await makeChannel(person(0));
    const both = await world.as(person(0))('PATCH', `/api/rooms/${room}`, { name: 'hall', topic: 'big' });
    expect(both.body).toMatchObject({ status: 'done', seq: 4 });
    expect((await world.as(person(0))('PATCH', `/api/rooms/${room}`, { name: 'hall' })).body).toEqual({ room, status: 'done' });
  });

  it('of a role is kept: an admin may add, then may not', async () => {
    const room = await makeChannel(person(0), { visibility: 'private', members: [person(1)] });
    const add = (user: string) => world.as(person(1))('POST', `/api/rooms/${room}/members`, { users: [user] });
    expect((await add(person(2))).body.error.code).toBe('forbidden');
    await world.as(person(0))('PUT', `/api/rooms/${room}/members/${person(1)}`, { role: 'admin' });
    expect((await add(person(2).toUpperCase())).body.error.code).toBe('invalid');
    expect((await add(person(2))).body.status).toBe('done');
    expect((await add(person(2))).body).toEqual({ room, status: 'done' });
    await world.as(person(0))('PUT', `/api/rooms/${room}/members/${person(1)}`, { role: 'member' });
    expect((await add(person(3))).body.error.code).toBe('forbidden');
  });
});

describe('fifty at once', () => {
  it('join one room with dense mvers, each once', async () => {
    const room = await makeChannel(person(0));
    const answers = await Promise.all(world.people.slice(1, 51).map((user) => world.as(user)('POST', `/api/rooms/${room}/join`)));
    expect(answers.filter(taken)).toHaveLength(50);
    await until('all are applied', () => world.messages.applied.get(room)?.length === 52);
    expect(world.messages.applied.get(room)).toEqual(mvers(52));
    expect(world.messages.gaps).toEqual([]);
    const joined = world.messages.changesOf(room).flatMap((command) => (command.change.type === 'member.joined' ? [command.change.body.user] : []));
    expect(new Set(joined).size).toBe(51);
  });

  it('open the direct room of one pair and get the same room, made once', async () => {
    const [one, two] = [person(0), person(1)];
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        index % 2 === 0 ? world.as(one)('POST', '/api/direct', { user: two }) : world.as(two)('POST', '/api/direct', { user: one }),
      ),
    );
    const [room] = new Set(answers.map((answer) => answer.body.room));
    expect(answers.filter((answer) => taken(answer) && answer.body.room === room)).toHaveLength(50);
    await until('the room is applied', () => world.messages.applied.get(room as string)?.length === 3);
    expect(world.messages.changesOf(room as string).map((command) => command.change.type)).toEqual(['room.created', 'member.joined', 'member.joined']);
  });

  it('spend an invitation of ten uses exactly ten times', async () => {
    const room = await makeChannel(person(0), { visibility: 'private' });
    const { body } = await world.as(person(0))('POST', `/api/rooms/${room}/invitations`, { uses: 10 });
    const answers = await Promise.all(world.people.slice(1, 51).map((user) => world.as(user)('POST', `/api/invitations/${body.code}/accept`)));
    expect(answers.filter(taken)).toHaveLength(10);
    expect(answers.filter((answer) => answer.body.error?.code === 'invitation_invalid')).toHaveLength(40);
    await until('ten are in', () => world.messages.applied.get(room)?.length === 12);
    expect(world.messages.applied.get(room)).toEqual(mvers(12));
  });

  it('of two owners that leave, one stays', async () => {
    const room = await makeChannel(person(0), { members: [person(1), person(2)] });
    await world.as(person(0))('PUT', `/api/rooms/${room}/members/${person(1)}`, { role: 'owner' });
    const answers = await Promise.all([0, 1].map((index) => world.as(person(index))('POST', `/api/rooms/${room}/leave`)));
    expect(answers.map((answer) => answer.body.error?.code ?? answer.body.status).sort()).toEqual(['done', 'last_owner']);
  });
});

describe('a room that one may not see', () => {
  it('answers every call exactly as one that does not exist', async () => {
    const hidden = await makeChannel(person(0), { visibility: 'private' });
    const absent = '00000000-0000-7000-8000-00000000abcd';
    const calls = [
      ['PATCH', '', { name: 'x' }],
      ['POST', '/join', undefined],
      ['POST', '/leave', undefined],
      ['POST', '/members', { users: [person(2)] }],
      ['DELETE', `/members/${person(0)}`, undefined],
      ['PUT', `/members/${person(0)}`, { role: 'admin' }],
      ['POST', '/invitations', {}],
      ['GET', '/invitations', undefined],
      ['DELETE', '/invitations/code', undefined],
    ] as const;
    for (const [method, path, body] of calls) {
      const [one, two] = await Promise.all([hidden, absent].map((room) => world.as(person(1))(method, `/api/rooms/${room}${path}`, body)));
      expect(one).toEqual(two);
      expect(one?.status).toBe(404);
    }
  });
});

describe('people', () => {
  it('who do not exist are not added, and nothing else of the request happens', async () => {
    const room = await makeChannel(person(0));
    world.unknown.add(person(9));
    const answer = await world.as(person(0))('POST', `/api/rooms/${room}/members`, { users: [person(1), person(9)] });
    expect(answer).toMatchObject({ status: 404, body: { error: { code: 'not_found', details: { users: [person(9)] } } } });
    expect((await world.as(person(0))('POST', '/api/direct', { user: person(9) })).status).toBe(404);
    expect(world.messages.applied.get(room)).toEqual(mvers(2));
  });

  it('who come again get a new join', async () => {
    const room = await makeChannel(person(0));
    for (const action of ['join', 'leave', 'join']) await world.as(person(1))('POST', `/api/rooms/${room}/${action}`);
    expect((await world.as(person(1))('POST', `/api/rooms/${room}/join`)).body.error.code).toBe('already_member');
    expect(world.messages.changesOf(room).map((command) => command.change.type)).toEqual([
      'room.created',
      'member.joined',
      'member.joined',
      'member.left',
      'member.joined',
    ]);
  });

  it('find public channels by a part of the name, with their members, and no others', async () => {
    await makeChannel(person(0), { name: 'Gardening', members: [person(1)] });
    await makeChannel(person(0), { name: 'Secret garden', visibility: 'private' });
    const archived = await makeChannel(person(0), { name: 'Old garden' });
    await world.as(person(0))('PATCH', `/api/rooms/${archived}`, { archived: true });
    const list = async (user: string, q: string) => (await world.as(user)('GET', `/api/rooms/public?q=${encodeURIComponent(q)}`)).body.rooms;
    expect(await list(person(1), 'garden')).toMatchObject([{ name: 'Gardening', members: 2, joined: true }]);
    expect(await list(person(2), '')).toMatchObject([{ name: 'Gardening', joined: false }]);
    expect(await list(person(2), '%')).toEqual([]);
  });

  it('have one room for notes to themselves', async () => {
    const answers = [
      await world.as(person(0))('POST', '/api/direct', { user: person(0) }),
      await world.as(person(0))('POST', '/api/direct', { user: person(0) }),
    ];
    expect(answers.map((answer) => answer.body)).toEqual([answers[0]?.body, answers[0]?.body]);
    expect(answers[0]?.body).toMatchObject({ status: 'done', seq: 2 });
  });
});

describe('an invitation', () => {
  it('is listed, lets one in who could not see the room, is not spent by a member, and ends when it is taken back', async () => {
    const room = await makeChannel(person(0), { visibility: 'private' });
    const { body } = await world.as(person(0))('POST', `/api/rooms/${room}/invitations`, { uses: 2 });
    expect((await world.as(person(1))('POST', `/api/invitations/${body.code}/accept`)).body).toMatchObject({ room, status: 'done' });
    expect((await world.as(person(1))('POST', `/api/invitations/${body.code}/accept`)).body.error.code).toBe('already_member');
    expect((await world.as(person(0))('GET', `/api/rooms/${room}/invitations`)).body.invitations).toMatchObject([{ code: body.code, room, usesLeft: 1 }]);
    expect((await world.as(person(1))('GET', `/api/rooms/${room}/invitations`)).body.error.code).toBe('forbidden');
    expect((await world.as(person(0))('DELETE', `/api/rooms/${room}/invitations/${body.code}`)).status).toBe(200);
    expect((await world.as(person(2))('POST', `/api/invitations/${body.code}/accept`)).body.error.code).toBe('invitation_invalid');
  });
});
