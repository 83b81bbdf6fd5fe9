// Stories of one client against the model server: what an app sees when everything goes well, and when it does not.
import type { AnyRoomEvent } from '@parley/protocol';
import { describe, expect, test } from 'vitest';
import { settle } from './manual-clock.ts';
import { ME, ROOM, USERS } from './random-events.ts';
import { OTHER_ROOM, POST_BY_OTHER, world } from './world.ts';

const seqs = (events: readonly AnyRoomEvent[], room = ROOM) => events.filter((event) => event.room === room).map((event) => event.seq);

describe('a client', () => {
  test('sees its rooms, opens one, and a message goes through pending to committed', async () => {
    const { server, online } = world();
    server.addRoom(ROOM);
    const parley = await online();
    expect(parley.state.status).toBe('online');
    expect(parley.state.rooms.get(ROOM)).toMatchObject({ sync: 'live', seq: 2, summary: { name: 'room' }, members: null });
    const room = parley.room(ROOM);
    await room.open();
    const sent = room.send('hello');
    expect(parley.state.outbox).toMatchObject([{ state: 'sending', command: { body: { text: 'hello' } } }]);
    expect(await sent).toMatchObject({ status: 'committed', seq: 3 });
    await settle();
    const state = parley.state.rooms.get(ROOM)!;
    expect(state.messages.map((message) => message.text)).toEqual(['hello']);
    expect(state.notices).toHaveLength(2);
    expect(state.members?.get(ME)).toMatchObject({ role: 'owner' });
    expect(parley.state.outbox).toEqual([]);
    expect(parley.errors).toEqual([]);
  });

  test('whose requests are not answered any more tries a new connection, and what it said gets through', async () => {
    const { clock, server, online } = world();
    server.addRoom(ROOM);
    const parley = await online();
    server.faults.ack = () => (server.handshakes.length === 1 ? 'lost' : undefined);
    const sent = Promise.all([parley.room(ROOM).send('one'), parley.room(ROOM).send('two')]);
    await clock.advance(60_000);
    expect(server.handshakes).toHaveLength(2);
    expect((await sent).map((result) => result.seq)).toEqual([3, 4]);
    expect(parley.state.status).toBe('online');
  });

  test('goes on when who watches it throws', async () => {
    const { server, online } = world();
    server.addRoom(ROOM);
    const parley = await online({
      observe: () => {
        throw new Error('a mistake of the app');
      },
    });
    expect(await parley.room(ROOM).send('one')).toMatchObject({ seq: 3 });
    expect(await parley.room(ROOM).send('two')).toMatchObject({ seq: 4 });
    expect(parley.errors).toContain('unavailable');
  });

  test('keeps its connection when one request alone is not answered', async () => {
    const { clock, server, online } = world();
    server.addRoom(ROOM);
    const parley = await online();
    let lost = 1;
    server.faults.ack = () => (lost-- > 0 ? 'lost' : undefined);
    const sent = parley.room(ROOM).send('one');
    await clock.advance(60_000);
    expect(await sent).toMatchObject({ status: 'committed' });
    expect(server.handshakes).toHaveLength(1);
  });

  test('that cannot take the answer of a resume does not pretend to be online', async () => {
    const { clock, server, client } = world();
    server.addRoom(ROOM);
    const parley = client();
    await parley.login({ handle: 'me', password: 'x' });
    server.faults.resume = (answer) => (server.handshakes.length === 1 ? { ...answer, rooms: null } : answer);
    const connected = parley.connect();
    await clock.advance(10_000);
    await connected;
    expect(server.handshakes).toHaveLength(2);
    expect(await parley.room(ROOM).send('one')).toMatchObject({ status: 'committed' });
  });

  test('a message never vanishes between its result and its event', async () => {
    const { server, online } = world();
    server.addRoom(ROOM);
    const parley = await online();
    server.faults.loseEvent = () => true;
    expect(await parley.room(ROOM).send('still there')).toMatchObject({ seq: 3 });
    expect(parley.state.outbox).toMatchObject([{ command: { body: { text: 'still there' } } }]);
    expect(parley.state.rooms.get(ROOM)?.messages).toEqual([]);
    server.faults.loseEvent = () => false;
    server.append(ROOM, POST_BY_OTHER);
    await settle();
    expect(parley.state.outbox).toEqual([]);
    expect(parley.state.rooms.get(ROOM)?.messages.map((message) => message.seq)).toEqual([3, 4]);
  });

  test('changes are told once a turn, and parts that did not change stay the same objects', async () => {
    const { server, online } = world();
    server.addRoom(ROOM);
    server.addRoom(OTHER_ROOM);
    const parley = await online();
    let told = 0;
    const undo = parley.subscribe(() => told++);
    const before = parley.state;
    expect(parley.state).toBe(before);
    server.append(ROOM, POST_BY_OTHER);
    await settle();
    expect(parley.state).not.toBe(before);
    expect(parley.state.rooms.get(OTHER_ROOM)).toBe(before.rooms.get(OTHER_ROOM));
    expect(told).toBeGreaterThan(0);
    undo();
    const after = told;
    server.append(ROOM, POST_BY_OTHER);
    await settle();
    expect(told).toBe(after);
  });

  test('an event that was lost is fetched before anything later is applied', async () => {
    const { server, online } = world();
    server.addRoom(ROOM);
    const parley = await online();
    server.faults.loseEvent = (event) => event.seq === 4 || event.seq === 5;
    for (let i = 0; i < 6; i++) server.append(ROOM, POST_BY_OTHER);
    await settle();
    expect(seqs(parley.applied)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(server.calls).toContain(`GET /api/rooms/${ROOM}/events`);
    expect(parley.state.rooms.get(ROOM)?.read.unread).toBe(6);
  });

  test('a hole that cannot be filled is replaced by a snapshot, and the app is told', async () => {
    const { server, online } = world();
    server.addRoom(ROOM);
    const parley = await online();
    await parley.room(ROOM).open();
    const resets: string[] = [];
    parley.on('reset', ({ room }) => resets.push(room));
    server.faults.http = (_method, path) =>
      path.endsWith('/events') ? new Response('{"error":{"code":"internal","message":"x"}}', { status: 500 }) : undefined;
    server.faults.loseEvent = (event) => event.seq === 3;
    server.append(ROOM, POST_BY_OTHER);
    server.append(ROOM, POST_BY_OTHER);
    await settle();
    server.append(ROOM, POST_BY_OTHER);
    await settle();
    expect(resets).toEqual([ROOM]);
    expect(parley.state.rooms.get(ROOM)?.messages.map((message) => message.seq)).toEqual([3, 4, 5]);
    expect(parley.seen.findLast((one) => one.kind === 'snapshot')).toMatchObject({ seq: 4 });
    expect(seqs(parley.applied)).toEqual([5]);
  });

  test('that falls behind says so, keeps what it has, and is live again when it has caught up', async () => {
    const { server, online } = world();
    server.addRoom(ROOM);
    const parley = await online();
    const room = parley.room(ROOM);
    await room.open();
    await room.send('before');
    server.faults.loseEvent = () => true;
    for (let i = 0; i < 2; i++) server.append(ROOM, POST_BY_OTHER);
    server.faults.loseEvent = () => false;
    server.say('behind', { room: ROOM, head: 5 });
    await settle();
    expect(parley.state.rooms.get(ROOM)).toMatchObject({ sync: 'catching', seq: 3 });
    expect(parley.state.rooms.get(ROOM)?.messages).toHaveLength(1);
    for (const event of server.events(ROOM).slice(3)) server.say('event', event);
    server.say('live', { room: ROOM, seq: 5 });
    await settle();
    expect(parley.state.rooms.get(ROOM)).toMatchObject({ sync: 'live', seq: 5 });
    expect(parley.state.rooms.get(ROOM)?.messages).toHaveLength(3);
    expect(parley.errors).toEqual([]);
  });

  test('goes on from its place after the connection was cut, and from a snapshot when it is too far behind', async () => {
    const { clock, server, online } = world();
    server.addRoom(ROOM);
    server.addRoom(OTHER_ROOM);
    const parley = await online();
    server.append(ROOM, POST_BY_OTHER);
    await settle();
    server.cut();
    expect(parley.state.status).toBe('reconnecting');
    for (let i = 0; i < 3; i++) server.append(ROOM, POST_BY_OTHER);
    for (let i = 0; i < 1_001; i++) server.append(OTHER_ROOM, POST_BY_OTHER);
    await clock.advance(1_000);
    expect(parley.state.status).toBe('online');
    expect(seqs(parley.applied)).toEqual([3, 4, 5, 6]);
    expect(seqs(parley.applied, OTHER_ROOM)).toEqual([]);
    expect(parley.state.rooms.get(OTHER_ROOM)).toMatchObject({ seq: 1_003, sync: 'live', read: { unread: 1_001 } });
  });

  test('a second start paints from the storage and asks only for what is new', async () => {
    const { clock, server, online, client } = world();
    server.addRoom(ROOM);
    const first = await online();
    await first.room(ROOM).open();
    await first.room(ROOM).send('kept');
    await clock.advance(2_000);
    await first.close();
    server.append(ROOM, POST_BY_OTHER);
    const calls = server.calls.length;
    const second = client();
    expect(await second.restore()).toBe(true);
    expect(second.state.me?.user.id).toBe(ME);
    expect(second.state.rooms.get(ROOM)?.messages.map((message) => message.text)).toEqual(['kept']);
    expect(server.calls).toHaveLength(calls);
    await second.connect();
    await settle();
    expect(seqs(second.applied)).toEqual([4]);
    expect(server.calls.slice(calls)).toEqual([]);
    expect(server.frames.findLast((frame) => frame.name === 'resume')?.payload).toMatchObject({ rooms: { [ROOM]: { seq: 3 } } });
  });

  test('rooms come and go with my state, and a version that was missed is asked for', async () => {
    const { server, online } = world();
    const parley = await online();
    const gone: string[] = [];
    parley.on('gone', ({ room }) => gone.push(room));
    server.addRoom(ROOM);
    await settle();
    expect(parley.state.rooms.get(ROOM)).toMatchObject({ summary: { name: 'room' }, sync: 'live' });
    server.faults.loseState = true;
    server.addRoom(OTHER_ROOM);
    server.faults.loseState = false;
    server.change('pref:theme', 'dark');
    await settle();
    expect(server.calls).toContain('GET /api/me/changes');
    expect(parley.state.rooms.get(OTHER_ROOM)?.summary?.name).toBe('room');
    expect(parley.state.prefs.get('theme')).toBe('dark');
    server.removeRoom(ROOM);
    await settle();
    expect(gone).toEqual([ROOM]);
    expect(parley.state.rooms.has(ROOM)).toBe(false);
  });

  test('reading moves the mark forward only, marking unread moves it back, and a mark made offline is told later', async () => {
    const { clock, server, online } = world();
    server.addRoom(ROOM);
    for (let i = 0; i < 5; i++) server.append(ROOM, POST_BY_OTHER);
    const parley = await online();
    const room = parley.room(ROOM);
    await room.open();
    expect(parley.state.rooms.get(ROOM)?.read.unread).toBe(5);
    room.markRead();
    expect(parley.state.rooms.get(ROOM)?.read).toMatchObject({ unread: 0, seq: 7 });
    room.markRead(4);
    expect(parley.state.rooms.get(ROOM)?.read.seq).toBe(7);
    room.markUnread(6);
    expect(parley.state.rooms.get(ROOM)?.read).toMatchObject({ unread: 2, seq: 5 });
    await clock.advance(300);
    expect(server.fresh(ROOM, 1).room.read).toMatchObject({ seq: 5, unread: 2, n: 2 });
    server.cut();
    room.markRead();
    await clock.advance(5_000);
    expect(server.fresh(ROOM, 1).room.read).toMatchObject({ seq: 7, unread: 0, n: 3 });
  });

  test('opens a room with everything that is unread, and a little before it', async () => {
    const { clock, server, online } = world();
    server.addRoom(ROOM);
    for (let i = 0; i < 90; i++) server.append(ROOM, POST_BY_OTHER);
    const parley = await online();
    parley.room(ROOM).markRead(12);
    await clock.advance(1_000);
    await parley.room(ROOM).open();
    const { messages, read } = parley.state.rooms.get(ROOM)!;
    expect(read.unread).toBe(80);
    expect(messages).toHaveLength(90);
    expect(messages.filter(({ seq }) => seq > read.seq)).toHaveLength(80);
  });

  test('comes back when the server has said, and waits longer at each failure until one lasted 30 s', async () => {
    const { clock, server, online } = world();
    const parley = await online();
    const tries = async (ms: number) => {
      const before = server.handshakes.length;
      await clock.advance(ms);
      return server.handshakes.slice(before);
    };
    server.say('bye', { code: 'draining', message: 'x', retryAfterMs: 7_000 });
    await settle();
    server.cut();
    expect(await tries(6_900)).toHaveLength(0);
    expect(await tries(200)).toHaveLength(1);
    server.faults.handshake = { code: 'overloaded', message: 'x' };
    server.cut();
    const failed = await tries(120_000);
    const waits = failed.slice(1).map((time, i) => time - failed[i]!);
    expect(waits.slice(0, 5)).toEqual([1_000, 2_000, 4_000, 8_000, 15_000]);
    expect(Math.max(...waits)).toBe(15_000);
    // "Try now" does not wait.
    const before = server.handshakes.length;
    void parley.connect();
    await settle();
    expect(server.handshakes.length).toBe(before + 1);
    server.faults.handshake = null;
    await clock.advance(60_000);
    server.cut();
    expect(await tries(250)).toHaveLength(1);
  });

  test('a session that ended signs out, and what was not sent stays for the same person', async () => {
    const { server, online, storage } = world();
    server.addRoom(ROOM);
    const parley = await online();
    server.faults.ack = () => 'lost';
    parley
      .room(ROOM)
      .send('not answered')
      .catch(() => {});
    await settle();
    server.say('bye', { code: 'session_revoked', message: 'x' });
    await settle();
    server.cut();
    await settle();
    expect(parley.state).toMatchObject({ status: 'signed-out', me: null, bye: { code: 'session_revoked' } });
    expect(await storage.list('outbox:')).toHaveLength(1);
    server.faults.ack = () => undefined;
    await parley.login({ handle: 'me', password: 'x' });
    await parley.connect();
    await settle();
    expect(server.fresh(ROOM, 5).messages.map((message) => message.text)).toEqual(['not answered']);
    await parley.logout();
    expect(await storage.list('')).toEqual([]);
    expect(parley.state).toMatchObject({ status: 'signed-out', me: null });
    expect(parley.state.rooms.size).toBe(0);
  });

  test('closing settles everything that waits, with a typed error', async () => {
    const { clock, server, client } = world();
    server.faults.handshake = { code: 'overloaded', message: 'x' };
    const parley = client();
    await parley.login({ handle: 'me', password: 'x' });
    const waits = [parley.connect(), parley.room(ROOM).send('x')];
    const ends = Promise.all(waits.map((wait) => wait.catch((error: unknown) => error)));
    await settle();
    await parley.close();
    for (const end of await ends) expect(end).toMatchObject({ name: 'ParleyError', code: 'unavailable' });
    expect(clock.pending()).toBe(0);
    await expect(parley.connect()).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('typing is shown for seven seconds, people are asked for once, presence follows whom we watch', async () => {
    const { clock, server, online } = world();
    server.addRoom(ROOM);
    const parley = await online();
    server.say('typing', { room: ROOM, user: USERS[1], on: true });
    await settle();
    expect(parley.state.rooms.get(ROOM)?.typing).toEqual([USERS[1]]);
    await clock.advance(7_100);
    expect(parley.state.rooms.get(ROOM)?.typing).toEqual([]);
    await Promise.all([parley.people.load([USERS[1]]), parley.people.load([USERS[1], USERS[2]])]);
    await parley.people.load([USERS[1]]);
    expect(server.calls.filter((call) => call === 'GET /api/people')).toHaveLength(1);
    parley.people.watch([USERS[1]]);
    await settle();
    expect([...parley.state.presence]).toEqual([[USERS[1], 'online']]);
    const room = parley.room(ROOM);
    room.typing();
    room.typing();
    room.typing(false);
    expect(server.frames.filter((frame) => frame.name === 'typing').map((frame) => frame.payload)).toEqual([
      { room: ROOM, on: true },
      { room: ROOM, on: false },
    ]);
    room.saveDraft('half');
    room.saveDraft('half a thought');
    expect(parley.state.rooms.get(ROOM)?.draft).toEqual({ text: 'half a thought', replyTo: null });
    await clock.advance(1_000);
    expect(server.calls.filter((call) => call.startsWith('PUT'))).toHaveLength(1);
    expect(parley.state.rooms.get(ROOM)?.draft.text).toBe('half a thought');
  });
});

describe('two clients on one storage', () => {
  test('refresh once for both, ahead of the expiry, and renew their live sockets in-band', async () => {
    const { clock, server, online, client } = world();
    await online();
    const second = client();
    await second.restore();
    await second.connect();
    await clock.advance(541_000);
    expect(server.calls.filter((call) => call.endsWith('/refresh'))).toHaveLength(1);
    const renewed = server.frames.filter((frame) => frame.name === 'auth').map((frame) => (frame.payload as { token: string }).token);
    expect(renewed).toHaveLength(2);
    expect(new Set(renewed).size).toBe(1);
    await clock.advance(3_600_000);
    expect(server.sockets()).toBe(2);
    expect(second.state.status).toBe('online');
  });

  test('a refresh token that was used twice signs both out', async () => {
    const { clock, server, online, client } = world();
    const first = await online();
    const second = client();
    await second.restore();
    server.newSession();
    await clock.advance(560_000);
    expect([first.state.status, second.state.me]).toEqual(['signed-out', null]);
    expect(first.errors).toContain('refresh_reused');
  });
});
