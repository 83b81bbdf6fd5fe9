// Who may see what, while it changes: the removed get nothing after their removal, the returned only what they may.
import { ParleyError } from '@parley/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, type Person, type World } from '../src/index.ts';

let world: World;
let ann: Person;
let ben: Person;
let eve: Person;

beforeAll(async () => {
  world = await openWorld();
  ann = await world.person('Ann');
  ben = await world.person('Ben');
  eve = await world.person('Eve');
});
afterAll(() => world.close());

describe('membership', () => {
  it('ends in the middle of a stream: nothing after the removal reaches the removed', async () => {
    const room = await world.channel(ann, [ben, eve]);
    const talk = Array.from({ length: 60 }, (_, i) => ann.parley.room(room).send(`before or after ${i}`));
    await talk[5];
    const removed = await ann.parley.room(room).remove(eve.user);
    await Promise.all(talk);
    await ann.parley.room(room).send('eve must not see this');
    await eve.sees('the room gone', () => !eve.parley.state.rooms.has(room));
    expect(removed.seq).toBeGreaterThan(0);
    const report = await world.judge(ann, [room], [ann, ben, eve]);
    expect(report.violations).toEqual([]);
    await expect(eve.parley.call('GET', `/api/rooms/${room}/messages`)).rejects.toMatchObject({ code: 'not_found' });
    await expect(eve.parley.room(room).send('let me in')).rejects.toBeInstanceOf(ParleyError);
  });

  it('that ended while away is gone at the next connect', async () => {
    const room = await world.channel(ann, [eve]);
    eve.parley.disconnect();
    await ann.parley.room(room).remove(eve.user);
    await ann.parley.room(room).send('after eve');
    await eve.parley.connect();
    await eve.sees('the room gone', () => !eve.parley.state.rooms.has(room));
    const report = await world.judge(ann, [room], [ann, eve]);
    expect(report.violations).toEqual([]);
  });

  it('that began again shows only what came since, where history is since_join', async () => {
    const room = await world.channel(ann, [eve], { history: 'since_join' });
    await ann.parley.room(room).send('first stay');
    await eve.sees('the line', () => eve.texts(room).includes('first stay'));
    await ann.parley.room(room).remove(eve.user);
    await ann.parley.room(room).send('while eve was out');
    await ann.parley.room(room).add([eve.user]);
    await eve.sees('the room again', () => eve.parley.state.rooms.has(room));
    await eve.parley.room(room).open();
    await ann.parley.room(room).send('second stay');
    await eve.sees('the new line', () => eve.texts(room).includes('second stay'));
    expect(eve.texts(room)).toEqual(['second stay']);
    const page = (await eve.parley.call('GET', `/api/rooms/${room}/messages?before=1000000`)) as { messages: { text: string }[] };
    expect(page.messages.map((message) => message.text)).toEqual(['second stay']);
    const report = await world.judge(ann, [room], [ann, eve]);
    expect(report.violations).toEqual([]);
  });

  it('keeps its last owner', async () => {
    const room = await world.channel(ann, [ben]);
    await expect(ann.parley.room(room).leave()).rejects.toMatchObject({ code: 'last_owner' });
    await ann.parley.room(room).setRole(ben.user, 'owner');
    await ann.parley.room(room).leave();
    await ann.sees('the room gone', () => !ann.parley.state.rooms.has(room));
  });

  it('of a private room can be had with an invitation, once per use', async () => {
    const room = await world.channel(ann, []);
    const { code } = await ann.parley.room(room).invite({ uses: 1 });
    const answers = await Promise.allSettled([ben.parley.acceptInvitation(code), eve.parley.acceptInvitation(code)]);
    expect(answers.filter((answer) => answer.status === 'fulfilled')).toHaveLength(1);
  });
});
