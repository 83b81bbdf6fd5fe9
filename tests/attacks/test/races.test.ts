// Many at once at the same thing: what may happen once happens once, whoever races.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, attackTarget, type CommandEnd, command, postOf, type Someone, type Target } from './target.ts';

const MANY = 30;
let target: Target;
let crowd: Someone[];

beforeAll(async () => {
  target = await attackTarget();
  crowd = await Promise.all(Array.from({ length: MANY }, (_, i) => target.someone(`racer${i}`)));
});
afterAll(() => target.close());

const times = <T>(count: number, act: (index: number) => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: count }, (_, index) => act(index)));
const codesOf = (answers: readonly Answer[]): Record<string, number> =>
  Object.fromEntries([...Map.groupBy(answers, ({ code }) => code)].map(([code, same]) => [code, same.length]));
const one = (list: readonly Someone[], index: number): Someone => list[index] as Someone;
const membersOf = async (room: string, asker: Someone): Promise<{ user: string; role: string }[]> =>
  (await target.must<{ members: { user: string; role: string }[] }>('GET', `/api/rooms/${room}/members`, { token: asker.token })).members;
const eventsOf = async (room: string, asker: Someone): Promise<{ type: string; seq: number; clientId: string | null }[]> =>
  (
    await target.must<{ events: { type: string; seq: number; clientId: string | null }[] }>('GET', `/api/rooms/${room}/events?limit=500`, {
      token: asker.token,
    })
  ).events;

describe('thirty at once', () => {
  it('register with an invitation of one use: one gets in', async () => {
    await target.must('PATCH', '/api/setup', { token: target.operator.token, body: { registration: 'invite' } });
    const { code } = await target.must<{ code: string }>('POST', '/api/registration-invitations', { token: target.operator.token, body: { uses: 1 } });
    const before = (await target.must<{ people: object[] }>('GET', '/api/people?q=guest', { token: target.operator.token })).people.length;
    const answers = await times(MANY, (i) =>
      target.call('POST', '/api/accounts/register', {
        body: { handle: `guest-${i}`, password: 'a long password', invitation: code },
        headers: { 'x-parley-load-key': target.loadKey },
      }),
    );
    await target.must('PATCH', '/api/setup', { token: target.operator.token, body: { registration: 'open' } });
    expect(codesOf(answers)).toEqual({ ok: 1, invitation_invalid: MANY - 1 });
    const after = (await target.must<{ people: object[] }>('GET', '/api/people?q=guest', { token: target.operator.token })).people.length;
    expect([before, after]).toEqual([0, 1]);
  });

  it('take the same name: one has it', async () => {
    const answers = await times(MANY, () =>
      target.call('POST', '/api/accounts/register', {
        body: { handle: 'the-name', password: 'a long password' },
        headers: { 'x-parley-load-key': target.loadKey },
      }),
    );
    expect(codesOf(answers)).toEqual({ ok: 1, handle_taken: MANY - 1 });
  });

  it('accept a room’s invitation of five uses: five are in', async () => {
    const owner = one(crowd, 0);
    const room = await target.channel(owner);
    const { code } = await target.must<{ code: string }>('POST', `/api/rooms/${room}/invitations`, { token: owner.token, body: { uses: 5 } });
    const answers = await Promise.all(crowd.slice(1).map((who) => target.call('POST', `/api/invitations/${code}/accept`, { token: who.token })));
    expect(codesOf(answers)).toEqual({ ok: 5, invitation_invalid: MANY - 6 });
    expect(await membersOf(room, owner)).toHaveLength(6);
  });

  it('times one person accepts an invitation: they are in once, and one use is spent', async () => {
    const [owner, guest] = [one(crowd, 0), one(crowd, 1)];
    const room = await target.channel(owner);
    const { code } = await target.must<{ code: string }>('POST', `/api/rooms/${room}/invitations`, { token: owner.token, body: { uses: 5 } });
    const answers = await times(MANY, () => target.call('POST', `/api/invitations/${code}/accept`, { token: guest.token }));
    expect(codesOf(answers)).toEqual({ ok: 1, already_member: MANY - 1 });
    const { invitations } = await target.must<{ invitations: { usesLeft: number }[] }>('GET', `/api/rooms/${room}/invitations`, { token: owner.token });
    expect(invitations).toMatchObject([{ usesLeft: 4 }]);
  });

  it('open the direct room of the same two, from both sides: there is one', async () => {
    const [ann, ben] = [one(crowd, 2), one(crowd, 3)];
    const answers = await times(MANY, (i) => {
      const [from, to] = i % 2 === 0 ? [ann, ben] : [ben, ann];
      return target.call('POST', '/api/direct', { token: from.token, body: { user: to.user } });
    });
    expect(codesOf(answers)).toEqual({ ok: MANY });
    const rooms = answers.map((answer) => (answer.body as { room: string }).room);
    expect(new Set(rooms).size).toBe(1);
    expect(await membersOf(rooms[0] ?? '', ann)).toHaveLength(2);
  });

  it('owners leave or step down: one stays an owner, and members are as the events say', async () => {
    const room = await target.channel(one(crowd, 0), crowd.slice(1, 10));
    for (const who of crowd.slice(1, 10))
      await target.must('PUT', `/api/rooms/${room}/members/${who.user}`, { token: one(crowd, 0).token, body: { role: 'owner' } });
    const answers = await Promise.all(
      crowd
        .slice(0, 10)
        .map((who, i) =>
          i % 2 === 0
            ? target.call('POST', `/api/rooms/${room}/leave`, { token: who.token })
            : target.call('PUT', `/api/rooms/${room}/members/${who.user}`, { token: who.token, body: { role: 'member' } }),
        ),
    );
    expect(codesOf(answers)).toEqual({ ok: 9, last_owner: 1 });
    const refused = one(
      crowd,
      answers.findIndex((answer) => answer.code === 'last_owner'),
    );
    const members = await membersOf(room, refused);
    expect(members.filter((member) => member.role === 'owner')).toMatchObject([{ user: refused.user }]);
  });

  it('add the same reaction: each person is in it once, whoever pressed how often', async () => {
    const owner = one(crowd, 0);
    const room = await target.channel(owner, crowd.slice(1, 6));
    const sockets = await Promise.all(crowd.slice(0, 6).map((who) => target.socket(who.token)));
    const first = sockets[0];
    if (first === undefined) throw new Error('nobody connected');
    const { seq } = await target.post(first, room, 'react to this');
    const ends = await times(MANY, (i) =>
      command(sockets[i % 6] as typeof first, { type: 'reaction.add', room, clientId: randomUUID(), body: { target: seq, emoji: '🎉' } }),
    );
    expect(new Set(ends.map((end) => end.status))).toEqual(new Set(['committed']));
    const page = await target.must<{ messages: { reactions: Record<string, string[]> }[] }>('GET', `/api/rooms/${room}/messages`, { token: owner.token });
    expect([...(page.messages[0]?.reactions['🎉'] ?? [])].sort()).toEqual(
      crowd
        .slice(0, 6)
        .map((who) => who.user)
        .sort(),
    );
    expect((await eventsOf(room, owner)).filter((event) => event.type === 'reaction.added')).toHaveLength(6);
  });

  it('send one client id from many sockets and devices: one event, and all hear of the same one', async () => {
    const owner = one(crowd, 4);
    const room = await target.channel(owner);
    const devices = [owner, ...(await times(4, () => target.login(owner)))];
    const sockets = await times(10, (i) => target.socket(one(devices, i % devices.length).token));
    const sent = postOf(room, 'once');
    const ends = await times(MANY, (i) => command(sockets[i % 10] as (typeof sockets)[number], sent));
    expect(new Set(ends.map((end) => JSON.stringify([end.status, end.seq]))).size).toBe(1);
    expect(ends[0]?.status).toBe('committed');
    expect((await eventsOf(room, owner)).filter((event) => event.clientId === sent.clientId)).toHaveLength(1);
  });

  it('send one client id with different texts: one is said, and everybody else is told', async () => {
    const owner = one(crowd, 5);
    const room = await target.channel(owner);
    const sockets = await times(5, () => target.socket(owner.token));
    const clientId = randomUUID();
    // A result names only the client id: of sockets that race, each hears all of them. So the answers are counted, not matched.
    const heard: CommandEnd[] = [];
    const all = new Promise<void>((resolve) =>
      sockets[0]?.on('result', (result) => {
        if (result.clientId !== clientId) return;
        heard.push(result);
        if (heard.length >= 5) resolve();
      }),
    );
    const acks = await times(5, (i) => (sockets[i] as (typeof sockets)[number]).emitWithAck('send', { ...postOf(room, `text ${i}`), clientId }));
    expect(acks.every((ack) => ack.ok)).toBe(true);
    await all;
    expect(heard.map((end) => end.status).sort()).toEqual(['committed', ...Array.from({ length: 4 }, () => 'rejected')]);
    expect((await eventsOf(room, owner)).filter((event) => event.clientId === clientId)).toHaveLength(1);
  });

  it('join and leave a public room: its members and its events agree', async () => {
    const owner = one(crowd, 0);
    const room = await target.channel(owner, [], { visibility: 'public' });
    await times(MANY - 1, async (i) => {
      const { token } = one(crowd, i + 1);
      await target.must('POST', `/api/rooms/${room}/join`, { token });
      if (i % 3 === 0) await target.must('POST', `/api/rooms/${room}/leave`, { token });
    });
    const events = await eventsOf(room, owner);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    const joined = events.filter((event) => event.type === 'member.joined').length;
    const left = events.filter((event) => event.type === 'member.left').length;
    expect([joined, left]).toEqual([MANY, 10]);
    expect(await membersOf(room, owner)).toHaveLength(joined - left);
  });
});

describe('ten at once', () => {
  it('refresh one token: all get the same successor, which works', async () => {
    const ann = await target.login(one(crowd, 6));
    const answers = await times(10, () => target.call('POST', '/api/accounts/refresh', { body: { refreshToken: ann.refreshToken } }));
    expect(codesOf(answers)).toEqual({ ok: 10 });
    const successors = new Set(answers.map((answer) => (answer.body as { refreshToken: string }).refreshToken));
    expect(successors.size).toBe(1);
    expect(successors).not.toContain(ann.refreshToken);
    const next = await target.call('POST', '/api/accounts/refresh', { body: { refreshToken: [...successors][0] } });
    expect(next.code).toBe('ok');
    // The grace ended when the successor was used: the first token is now somebody else's, and the session is over for all.
    expect((await target.call('POST', '/api/accounts/refresh', { body: { refreshToken: ann.refreshToken } })).code).toBe('refresh_reused');
    expect((await target.call('POST', '/api/accounts/refresh', { body: { refreshToken: (next.body as { refreshToken: string }).refreshToken } })).code).toBe(
      'session_revoked',
    );
  });

  it('change one password: one new password holds', async () => {
    const ann = await target.someone('changer');
    const answers = await times(10, (i) =>
      target.call('POST', '/api/me/password', { token: ann.token, body: { current: ann.password, next: `new password ${i}` } }),
    );
    const winners = answers.flatMap((answer, i) => (answer.code === 'ok' ? [i] : []));
    expect(winners).toHaveLength(1);
    const logins = await times(10, (i) =>
      target.call('POST', '/api/accounts/login', {
        body: { handle: ann.handle, password: `new password ${i}` },
        headers: { 'x-parley-load-key': target.loadKey },
      }),
    );
    expect(logins.flatMap((answer, i) => (answer.code === 'ok' ? [i] : []))).toEqual(winners);
  });
});
