// Stories of things that happen at the same time: frames before an answer, events while a page is on its way, marks across a restart.
import type { AnyRoomEvent } from '@parley/protocol';
import { describe, expect, test } from 'vitest';
import { settle } from './manual-clock.ts';
import { ROOM, USERS } from './random-events.ts';
import { POST_BY_OTHER, world } from './world.ts';

const EDIT_FIRST = [7, 0, 1] as const;

/** A promise and the way to fulfil it. */
function gate(): { closed: Promise<void>; open: () => void } {
  let open = () => {};
  const closed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { closed, open };
}

describe('at the same time', () => {
  test('frames that come before the resume was answered are kept, and applied after it', async () => {
    const { server, client } = world();
    server.addRoom(ROOM);
    const parley = client();
    await parley.login({ handle: 'me', password: 'x' });
    const event: AnyRoomEvent = {
      room: ROOM,
      seq: 3,
      author: USERS[1],
      time: 1,
      clientId: null,
      msgNo: 1,
      type: 'message.posted',
      body: { text: 'early', replyTo: null, thread: null },
    };
    server.faults.duringResume = (emit) => {
      emit('event', event);
      emit('typing', { room: ROOM, user: USERS[2], on: true });
    };
    await parley.connect();
    await settle();
    expect(parley.applied.map((one) => one.seq)).toEqual([3]);
    expect(parley.state.rooms.get(ROOM)?.typing).toEqual([USERS[2]]);
    expect(server.calls).not.toContain(`GET /api/rooms/${ROOM}/events`);
  });

  test('the last event of a room was lost: `live` tells that it is missing', async () => {
    const { server, online } = world();
    server.addRoom(ROOM);
    const parley = await online();
    server.faults.loseEvent = () => true;
    server.append(ROOM, POST_BY_OTHER);
    await settle();
    expect(parley.applied).toEqual([]);
    server.say('live', { room: ROOM, seq: 3 });
    await settle();
    expect(parley.applied.map((event) => event.seq)).toEqual([3]);
  });

  test.each(['open', 'loadOlder'] as const)('a message is changed while %s is on its way: the change is not lost', async (how) => {
    const { server, online } = world();
    server.addRoom(ROOM);
    for (let i = 0; i < 3; i++) server.append(ROOM, POST_BY_OTHER);
    const parley = await online();
    const slow = gate();
    server.faults.slow = slow.closed;
    const done = parley.room(ROOM)[how]();
    await settle();
    server.append(ROOM, EDIT_FIRST);
    server.append(ROOM, POST_BY_OTHER);
    await settle();
    expect(parley.state.rooms.get(ROOM)?.seq).toBe(7);
    slow.open();
    await done;
    expect(parley.state.rooms.get(ROOM)?.messages).toEqual(server.fresh(ROOM, 50).messages);
    expect(parley.state.rooms.get(ROOM)?.messages[0]).toMatchObject({ seq: 3, edited: 6 });
  });

  test('a mark made with no connection is told after a restart', async () => {
    const { clock, server, online, client } = world();
    server.addRoom(ROOM);
    server.append(ROOM, POST_BY_OTHER);
    const first = await online();
    first.disconnect();
    first.room(ROOM).markRead();
    await clock.advance(2_000);
    await first.close();
    expect(server.fresh(ROOM, 1).room.read.unread).toBe(1);
    const second = client();
    await second.restore();
    expect(second.state.rooms.get(ROOM)?.read.unread).toBe(0);
    await second.connect();
    await settle();
    expect(server.fresh(ROOM, 1).room.read).toMatchObject({ unread: 0, seq: 3, n: 1 });
  });

  test('another person who signs in on the same storage sees nothing of the first', async () => {
    const { clock, server, online, client, storage } = world();
    server.addRoom(ROOM);
    const first = await online();
    await first.room(ROOM).open();
    await clock.advance(2_000);
    expect((await storage.list('room:')).length).toBe(1);
    const other = { ...((await storage.get('session')) as { user: { id: string } }) };
    await storage.set('session', { ...other, session: USERS[2], user: { ...other.user, id: USERS[1] } });
    const second = client();
    expect(await second.restore()).toBe(true);
    expect(second.state.me?.user.id).toBe(USERS[1]);
    expect(second.state.rooms.size).toBe(0);
    // What the first tab still has in hand is not written into the other person's storage.
    server.append(ROOM, POST_BY_OTHER);
    await clock.advance(5_000);
    expect(await storage.list('room:')).toEqual([]);
    // And at its next refresh the first tab leaves, and does not become the other person.
    await clock.advance(600_000);
    expect(first.state).toMatchObject({ status: 'signed-out', me: null });
    expect(await storage.get('session')).toBeDefined();
    expect(second.state.me).not.toBeNull();
  });

  test('what a closed tab left unsent goes out at the next connection of the tab that stayed', async () => {
    const { clock, server, online, client } = world();
    server.addRoom(ROOM);
    const stays = await online();
    const leaves = client();
    await leaves.restore();
    const sent = leaves.room(ROOM).send('left behind');
    sent.catch(() => {});
    await settle();
    await leaves.close();
    server.cut();
    await clock.advance(2_000);
    expect(server.fresh(ROOM, 5).messages.map((message) => message.text)).toEqual(['left behind']);
    expect(stays.state.outbox).toEqual([]);
  });
});
