// Stories of push: who is told, who is not, and that nobody sees anything twice, whatever fails between.
import { encodeRecord, LIMITS, TOPICS } from '@parley/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PUSH } from '../src/store/store-telling.ts';
import { newId, type Someone } from './messages-stand-in.ts';
import { startWorld, type World } from './world.ts';

let world: World;
let ada: Someone;
let bob: Someone;
let eve: Someone;
let group: string;

beforeEach(async () => {
  world = await startWorld();
  [ada, bob, eve] = [world.said.person('ada'), world.said.person('bob'), world.said.person('eve')];
  group = await world.said.room('group', 'Garden', [ada, bob, eve]);
  await world.device(bob, 'bobs-phone');
  await world.device(eve, 'eves-phone');
});
afterEach(() => world.stop());

const pushed = (name: string, count = 1): Promise<void> => world.until(`${count} on ${name}`, () => world.pushes.shown(name).length === count);
const dropped = (who: Someone, seq: number, reason: string): Promise<void> =>
  world.until(`dropped: ${reason}`, async () => {
    const fate = await world.fate(who, seq);
    if (fate?.push === 'dropped') expect(fate.reason).toBe(reason);
    return fate?.push === 'dropped';
  });

describe('who is told', () => {
  it('somebody who is away and named is told once on each device, in words that the push service cannot read', async () => {
    await world.device(bob, 'bobs-laptop');
    const seq = await world.said.post(group, ada, 'look, @bob: it `@eve` grows!');
    await pushed('bobs-phone');
    await pushed('bobs-laptop');
    await world.settled();
    expect(world.pushes.taken).toHaveLength(2);
    expect(world.pushes.taken[0]).toMatchObject({
      topic: expect.stringMatching(/^[\w-]{32}$/),
      ttl: 86_400,
      payload: { room: group, seq, tag: `${group}:${seq}`, title: 'ADA in Garden', body: 'look, @bob: it `@eve` grows!' },
    });
    // A repeated record, and a service that begins again: nothing more.
    await world.said.again(group, seq);
    await world.restart();
    const next = await world.said.post(group, ada, 'and again, @bob');
    await pushed('bobs-phone', 2);
    await pushed('bobs-laptop', 2);
    expect(world.pushes.taken.map((push) => push.payload.seq).sort()).toEqual([seq, seq, next, next]);
    expect(world.pushes.shown('eves-phone')).toEqual([]);
  });

  it('somebody is told once although every job is handed to two workers at once, also after they were looked at again', async () => {
    world.doubled = true;
    await world.online(bob);
    const seq = await world.said.post(group, ada, 'hello @bob and @eve');
    await pushed('eves-phone');
    await world.until(
      'looked at',
      async () => (await world.query<{ looks: number }>('SELECT looks FROM notification WHERE user_id = $1', [bob.id]))[0]?.looks === 1,
    );
    expect(await world.query("SELECT 1 FROM outbox WHERE queue = 'notification.tell'")).toHaveLength(1);
    await world.presence.drop('worker', null);
    await pushed('bobs-phone');
    await world.until('nothing is left', async () => (await world.query('SELECT 1 FROM outbox')).length === 0);
    expect(world.pushes.taken.map((push) => [push.device, push.payload.seq]).sort()).toEqual([
      ['bobs-phone', seq],
      ['eves-phone', seq],
    ]);
    expect(world.pushes.calls).toBe(2);
  });

  it('in a direct room the other one is told of every message, the author never', async () => {
    await world.device(ada, 'adas-phone');
    const direct = await world.said.room('direct', null, [ada, bob]);
    await world.said.post(direct, ada, 'hello @ada');
    await pushed('bobs-phone');
    expect(world.pushes.taken.map((push) => [push.device, push.payload.title])).toEqual([['bobs-phone', 'ADA']]);
  });

  it('@all names everybody in a small room; a rule of one’s own says all or none', async () => {
    expect((await world.as(eve)('PUT', `/api/rooms/${group}/notifications`, { rule: 'none' })).status).toBe(200);
    const all = await world.said.post(group, bob, '@all come');
    await world.as(bob)('PUT', `/api/rooms/${group}/notifications`, { rule: 'all' });
    const plain = await world.said.post(group, ada, 'nobody in particular');
    await pushed('bobs-phone');
    expect(world.pushes.taken.map((push) => [push.device, push.payload.seq])).toEqual([['bobs-phone', plain]]);
    await world.settled();
    expect(await world.fate(eve, all)).toBeNull();
    await world.as(eve)('PUT', `/api/rooms/${group}/notifications`, { rule: null });
    await world.said.post(group, bob, '@all come now');
    await pushed('eves-phone');
  });

  it('a rule that was set before anything of the room was read holds from its first message on', async () => {
    await world.restart(async () => {
      await world.query('DELETE FROM room WHERE id = $1', [group]);
      await world.query('INSERT INTO room_rule (user_id, room_id, rule) VALUES ($1, $2, $3)', [bob.id, group, 'all']);
      await world.said.post(group, ada, 'nobody in particular');
    });
    await pushed('bobs-phone');
  });

  it('an ordinary member does not wake a large room by @all, an owner does', async () => {
    const crowd = Array.from({ length: 105 }, (_, at) => world.said.person(`p${at}`));
    const large = await world.said.room('group', 'Square', [ada, bob, eve, ...crowd]);
    const quiet = await world.said.post(large, bob, '@all');
    const loud = await world.said.post(large, ada, '@everyone');
    await pushed('eves-phone');
    expect(world.pushes.taken.filter((push) => push.device === 'eves-phone').map((push) => push.payload.seq)).toEqual([loud]);
    expect(await world.fate(eve, quiet)).toBeNull();
  });

  it('what is a day old is no news', async () => {
    const direct = await world.said.room('direct', null, [ada, bob]);
    const old = await world.said.say(
      direct,
      ada,
      'message.posted',
      { text: 'imported', replyTo: null, thread: null },
      { time: world.clock.now() - 25 * 3_600_000 },
    );
    await world.said.post(direct, ada, 'new');
    await pushed('bobs-phone');
    expect(await world.fate(bob, old)).toBeNull();
  });
});

describe('who is not told', () => {
  it('whoever read it meanwhile, muted the room, or switched push off', async () => {
    const read = await world.said.post(group, ada, '@bob');
    world.said.read(bob, group, read);
    await dropped(bob, read, 'read');
    world.said.mute(bob, group);
    const muted = await world.said.post(group, ada, '@bob');
    await dropped(bob, muted, 'muted');
    await world.as(eve)('PUT', '/api/notifications/preferences', { push: false });
    const off = await world.said.post(group, ada, '@eve');
    await world.settled();
    expect(await world.fate(eve, off)).toBeNull();
    expect(world.pushes.calls).toBe(0);
  });

  it('whoever was removed before the push went out, and of what was deleted', async () => {
    const seq = await world.said.post(group, ada, '@bob @eve');
    await world.said.say(group, ada, 'member.removed', { user: bob.id });
    await dropped(bob, seq, 'not theirs to see');
    await pushed('eves-phone');
    const gone = await world.said.post(group, ada, '@eve');
    await world.said.say(group, ada, 'message.deleted', { target: gone, targetAuthor: ada.id });
    await dropped(eve, gone, 'not theirs to see');
    const after = await world.said.post(group, ada, '@bob are you there');
    await world.settled();
    expect(await world.fate(bob, after)).toBeNull();
    expect(world.pushes.shown('bobs-phone')).toEqual([]);
  });

  it('whoever was removed while their push service was away', async () => {
    world.pushes.answers.push(500, 500);
    const seq = await world.said.post(group, ada, '@bob');
    await world.until('asked once', () => world.pushes.calls === 1);
    await world.said.say(group, ada, 'member.removed', { user: bob.id });
    await world.until('given up', async () => (await world.query<{ state: string }>('SELECT state FROM delivery')).every((row) => row.state === 'dropped'));
    expect(world.pushes.taken).toEqual([]);
    expect((await world.fate(bob, seq))?.push).toBe('told');
  });

  it('whoever is here; but who only seemed to be is told when their absence shows', async () => {
    await world.online(bob, eve);
    const seq = await world.said.post(group, ada, '@bob @eve');
    await world.until('looked at', async () => (await world.query('SELECT 1 FROM notification WHERE looks = 1')).length === 2);
    await world.presence.drop('worker', [eve.id]);
    await pushed('eves-phone');
    await dropped(bob, seq, 'online');
    expect(world.pushes.shown('bobs-phone')).toEqual([]);
  });

  it('nobody in their quiet hours, but afterwards', async () => {
    // The clock begins at midnight UTC on the first of January: 01:00 in Berlin.
    const quiet = { from: '22:30', to: '07:00', zone: 'Europe/Berlin' };
    expect((await world.as(bob)('PUT', '/api/notifications/preferences', { quiet })).body).toMatchObject({ quiet, push: true });
    const direct = await world.said.room('direct', null, [ada, bob]);
    await world.said.post(direct, ada, 'are you up?');
    await world.until('put off', async () => (await world.query('SELECT 1 FROM outbox WHERE due_ms > $1', [world.clock.now() + 3_600_000])).length === 1);
    world.clock.skew(5 * 3_600_000);
    await world.said.post(group, ada, '@eve wakes early');
    await pushed('eves-phone');
    expect(world.pushes.shown('bobs-phone')).toEqual([]);
    world.clock.skew(3_600_000);
    await pushed('bobs-phone');
    expect(world.pushes.taken.at(-1)?.payload.body).toBe('are you up?');
  });
});

describe('whatever fails', () => {
  it('a queue that is away, and one that took the jobs and lost its answer: told once', async () => {
    world.queueFault = 'refuse';
    await world.said.post(group, ada, '@bob');
    await world.settled();
    await world.restart(async () => {
      world.queueFault = 'take and fail';
    });
    await pushed('bobs-phone');
    world.queueFault = null;
    await world.until('the outbox is empty', async () => (await world.query('SELECT 1 FROM outbox')).length === 0);
    expect(world.pushes.taken).toHaveLength(1);
  });

  it('a service that ends between the queue and the push, and one that ends after it: told once', async () => {
    world.pushes.answers.push(503);
    await world.said.post(group, ada, '@bob');
    await world.until('asked', () => world.pushes.calls === 1);
    await world.restart();
    await pushed('bobs-phone');
    await world.restart();
    await world.said.post(group, ada, '@eve');
    await pushed('eves-phone');
    expect(world.pushes.taken).toHaveLength(2);
  });

  it('a push whose answer was lost goes again under the same topic and tag: shown once', async () => {
    world.pushes.loseAnswers = 1;
    await world.said.post(group, ada, '@bob');
    await world.until('sent again', async () => (await world.query("SELECT 1 FROM delivery WHERE state = 'sent'")).length === 1);
    const [first, second] = world.pushes.taken;
    expect(world.pushes.taken).toHaveLength(2);
    expect(second?.topic).toBe(first?.topic);
    expect(world.pushes.shown('bobs-phone')).toHaveLength(1);
  });

  it('a device that its push service has forgotten is forgotten; what it refuses is not tried again', async () => {
    world.pushes.answers.push(410);
    await world.said.post(group, ada, '@bob');
    await world.until('forgotten', async () => (await world.query('SELECT 1 FROM device WHERE label = $1', ['bobs-phone'])).length === 0);
    world.pushes.answers.push(400);
    await world.said.post(group, ada, '@eve');
    await world.until('refused', async () => (await world.query("SELECT 1 FROM delivery WHERE reason = 'refused'")).length === 1);
    expect((await world.as(eve)('GET', '/api/notifications/devices')).body).toMatchObject({ devices: [{ label: 'eves-phone' }] });
    expect(world.pushes.calls).toBe(2);
  });

  it('a push service that stays away: tried again, then parked with its reason, and sent when it is asked for', async () => {
    world.pushes.answers.push(...Array.from({ length: 8 }, () => 500));
    await world.said.post(group, ada, '@bob');
    await world.until('parked', async () => (await world.queue.parked(PUSH, 10)).length === 1);
    const [parked] = await world.queue.parked(PUSH, 10);
    expect(parked).toMatchObject({ attempt: 8, reason: 'the push service does not take it now' });
    expect(await world.queue.retry(PUSH, [parked?.id ?? ''])).toBe(1);
    await pushed('bobs-phone');
  });

  it('messages that is away holds a push up and loses none', async () => {
    world.said.away = true;
    await world.said.post(group, ada, '@bob');
    await world.settled();
    await world.until('the job is in the queue', async () => (await world.query('SELECT 1 FROM outbox')).length === 0);
    world.said.away = false;
    await pushed('bobs-phone');
  });

  it('a hole in the log is asked of messages, and nobody is told of what lay in it', async () => {
    const missed = await world.said.say(group, ada, 'message.posted', { text: '@bob', replyTo: null, thread: null }, { silent: true });
    await world.said.say(group, ada, 'member.removed', { user: eve.id }, { silent: true });
    for (let at = 0; at < LIMITS.resumeEvents; at++) await world.said.say(group, ada, 'room.topic_changed', { topic: `${at}` }, { silent: true });
    await world.said.post(group, ada, '@bob @eve');
    await pushed('bobs-phone');
    expect(await world.fate(bob, missed)).toBeNull();
    expect(await world.query('SELECT 1 FROM notification WHERE user_id = $1', [eve.id])).toEqual([]);
  });
});

describe('a person’s own', () => {
  it('a browser belongs to whoever subscribed it last, a device to its owner alone', async () => {
    const subscription = world.pushes.subscribe('shared');
    const { body } = await world.as(bob)('POST', '/api/notifications/devices', { subscription });
    await world.as(eve)('POST', '/api/notifications/devices', { subscription });
    expect((await world.as(bob)('GET', '/api/notifications/devices')).body).toMatchObject({ devices: [{ label: 'bobs-phone' }] });
    expect((await world.as(bob)('DELETE', `/api/notifications/devices/${body.id}`)).body.error.code).toBe('not_found');
    expect((await world.as(eve)('DELETE', `/api/notifications/devices/${body.id}`)).status).toBe(200);
  });

  it('a device gets nothing any more when its session has ended, whoever ended it', async () => {
    const end = async (event: object): Promise<void> => {
      await world.log.append(TOPICS.sessionEvent, [
        { partition: 0, key: bob.id, value: encodeRecord({ v: 1, user: bob.id, time: world.clock.now(), ...event }) },
      ]);
    };
    const gone = (who: Someone) => world.until('forgotten', async () => (await world.query('SELECT 1 FROM device WHERE user_id = $1', [who.id])).length === 0);
    // In this world a person's one session has their id.
    await end({ type: 'user.revoked', except: bob.id });
    await end({ type: 'session.revoked', session: eve.id });
    await gone(eve);
    expect(await world.query('SELECT 1 FROM device WHERE user_id = $1', [bob.id])).toHaveLength(1);
    await end({ type: 'user.revoked', except: null });
    await gone(bob);
    await world.clock.advance(1);
    await world.device(bob, 'bobs-new-phone');
    await world.said.post(group, ada, '@bob');
    await pushed('bobs-new-phone');
    expect(world.pushes.shown('bobs-phone')).toEqual([]);
  });

  it('what nobody knows to be signed in gets nothing: ended sessions that were missed take all devices along', async () => {
    const read = () => world.query('SELECT 1 FROM log_offset WHERE topic = $1', [TOPICS.sessionEvent]);
    await world.until('sessions are read', async () => (await read()).length === 1);
    await world.restart(async () => {
      await world.query("UPDATE log_offset SET log_id = 'another' WHERE topic = $1", [TOPICS.sessionEvent]);
    });
    await world.until('forgotten', async () => (await world.query('SELECT 1 FROM device')).length === 0);
    await world.device(bob, 'bobs-phone');
    await world.said.post(group, ada, '@bob');
    await pushed('bobs-phone');
  });

  it('rules of a room are for its members', async () => {
    const stranger = world.said.person('stranger');
    expect((await world.as(stranger)('GET', `/api/rooms/${group}/notifications`)).body.error.code).toBe('not_found');
    expect((await world.as(stranger)('PUT', `/api/rooms/${newId()}/notifications`, { rule: 'all' })).body.error.code).toBe('not_found');
    expect((await world.as(bob)('GET', `/api/rooms/${group}/notifications`)).body).toEqual({ rule: null });
  });

  it('erased: nothing of theirs is left, and asking again changes nothing', async () => {
    await world.as(bob)('PUT', `/api/rooms/${group}/notifications`, { rule: 'all' });
    await world.said.post(group, ada, '@bob');
    await pushed('bobs-phone');
    await world.erase(bob);
    await world.erase(bob);
    for (const table of ['device', 'preference', 'room_rule', 'notification', 'digest'])
      expect(await world.query(`SELECT 1 FROM ${table} WHERE user_id = $1`, [bob.id])).toEqual([]);
  });
});
