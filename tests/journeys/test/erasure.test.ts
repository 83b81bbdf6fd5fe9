// Somebody erases their account: nobody finds a word of theirs any more, and their rooms go on.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWorld, type Person, type World } from '../src/index.ts';

let world: World;
let ann: Person;
let ben: Person;
let cem: Person;

beforeAll(async () => {
  world = await openWorld();
  // Not the first account: the owner's cannot be erased.
  await world.person('Operator');
  ann = await world.person('Ann');
  ben = await world.person('Ben');
  cem = await world.person('Cem');
});
afterAll(() => world.close());

it('whoever erases their account leaves no text, no name and no room without an owner', { timeout: 120_000 }, async () => {
  const room = await world.channel(ann, [ben, cem]);
  const direct = (await ann.parley.openDirect(ben.user)).room;
  const posted = await ann.parley.room(room).send('canary in the channel');
  await ann.parley.room(room).edit(posted.seq as number, 'canary in an edit');
  await ben.parley.room(room).send('an answer that stays');
  await ann.parley.room(direct).send('canary between two');
  await ben.sees('the direct message', () => ben.parley.state.rooms.has(direct));
  await ben.parley.room(direct).open();
  await ben.sees('its text', () => ben.texts(direct).includes('canary between two'));

  await ann.parley.call('POST', '/api/me/erase', { password: ann.password });
  await expect(ann.parley.login({ handle: ann.handle, password: ann.password })).rejects.toMatchObject({ code: 'invalid_credentials' });

  const shown = (person: Person, id: string): string => JSON.stringify(person.texts(id));
  await ben.sees('the channel without her words', () => !shown(ben, room).includes('canary'));
  await ben.sees('the direct room without her words', () => !shown(ben, direct).includes('canary'));
  expect(shown(ben, room)).toContain('an answer that stays');
  // Ben came first: he is the owner now, and can do what owners do.
  await ben.sees('the room as his', () => ben.roomState(room).summary?.role === 'owner');
  await ben.parley.room(room).remove(cem.user);
  await cem.sees('the room gone', () => !cem.parley.state.rooms.has(room));
  await expect(ben.parley.room(direct).send('are you there?')).rejects.toMatchObject({ code: 'room_archived' });
  // The whole history, as the server keeps it.
  for (const id of [room, direct]) {
    const kept = JSON.stringify(await ben.parley.call('GET', `/api/rooms/${id}/messages?before=1000000`));
    expect(kept).not.toContain('canary');
  }
  const { people } = (await ben.parley.call('GET', `/api/people?ids=${ann.user}`)) as { people: { name: string; handle: string }[] };
  expect(people).toMatchObject([{ name: 'Deleted person' }]);
  expect(people[0]?.handle).not.toContain('ann');
});
