// Two people talk: everything that a day of chat is made of, over the wire.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, type Person, type World } from '../src/index.ts';

let world: World;
let ann: Person;
let ben: Person;
let room: string;

beforeAll(async () => {
  world = await openWorld();
  ann = await world.person('Ann');
  ben = await world.person('Ben');
  room = await world.channel(ann, [ben]);
});
afterAll(() => world.close());

describe('two people in one room', () => {
  it('see each other’s lines in the same order', async () => {
    // The result may be here before the event is: what everybody has to see is told by the results, not by what is shown when the last one came.
    let head = 0;
    for (let i = 0; i < 10; i++) {
      const results = await Promise.all([ann.parley.room(room).send(`ann ${i}`), ben.parley.room(room).send(`ben ${i}`)]);
      head = Math.max(head, ...results.map(({ seq = 0 }) => seq));
    }
    for (const person of [ann, ben]) await person.sees('all lines', () => person.roomState(room).seq >= head);
    expect(ben.texts(room)).toEqual(ann.texts(room));
    expect(ann.texts(room)).toHaveLength(20);
  });

  it('edit, react, answer and delete, and both show the same', async () => {
    const said = await ann.parley.room(room).send('a mitsake');
    const seq = said.seq ?? 0;
    await ben.sees('the line', () => ben.roomState(room).messages.some((message) => message.seq === seq));
    await ben.parley.room(room).react(seq, '👍');
    await ben.parley.room(room).send('you mean mistake', { replyTo: seq });
    await ann.parley.room(room).edit(seq, 'a mistake');
    const doomed = await ann.parley.room(room).send('say no more');
    const { seq: head = 0 } = await ann.parley.room(room).delete(doomed.seq ?? 0);
    for (const person of [ann, ben]) await person.sees('everything', () => person.roomState(room).seq >= head);
    const shown = ben.roomState(room).messages;
    expect(shown).toEqual(ann.roomState(room).messages);
    expect(shown.find((message) => message.seq === seq)).toMatchObject({ text: 'a mistake', reactions: { '👍': [ben.user] } });
    expect(shown.find((message) => message.replyTo === seq)?.text).toBe('you mean mistake');
    expect(shown.find((message) => message.seq === doomed.seq)).toMatchObject({ text: null, deleted: true });
  });

  it('count what is unread, and agree on it on every device', async () => {
    ben.parley.room(room).markRead();
    await ben.sees('nothing unread', () => ben.roomState(room).read.unread === 0);
    const phone = await world.device(ben);
    await phone.parley.room(room).open();
    for (let i = 0; i < 3; i++) await ann.parley.room(room).send(`unread ${i}`);
    for (const client of [ben, phone]) await client.sees('three unread', () => client.roomState(room).read.unread === 3);
    phone.parley.room(room).markRead();
    for (const client of [ben, phone]) await client.sees('nothing unread', () => client.roomState(room).read.unread === 0);
    const second = ben.roomState(room).messages.at(-2)?.seq ?? 0;
    ben.parley.room(room).markUnread(second);
    for (const client of [ben, phone]) await client.sees('two unread again', () => client.roomState(room).read.unread === 2);
  });

  it('see who types and who is there, and who is not any more', async () => {
    ann.parley.people.watch([ben.user]);
    await ann.sees('ben online', () => ann.parley.state.presence.get(ben.user) === 'online');
    // As keys are pressed: a gateway with too much to do passes over who begins to type (the shedding ladder), and is told again.
    const keys = setInterval(() => ben.parley.room(room).typing(), 100);
    await ann.sees('ben typing', () => ann.roomState(room).typing.includes(ben.user)).finally(() => clearInterval(keys));
    await ben.parley.room(room).send('done typing');
    await ann.sees('ben not typing', () => !ann.roomState(room).typing.includes(ben.user));
  });

  it('have one direct room, whoever opens it first', async () => {
    const opened = await Promise.all([ann.parley.openDirect(ben.user), ben.parley.openDirect(ann.user), ann.parley.openDirect(ben.user)]);
    expect(new Set(opened.map((answer) => answer.room)).size).toBe(1);
    const direct = opened[0]?.room ?? '';
    for (const person of [ann, ben]) await person.sees('the direct room', () => person.parley.state.rooms.get(direct)?.summary?.people?.length === 2);
  });

  it('lost, doubled and reordered nothing, by the checker', async () => {
    const report = await world.judge(ann, [room], [ann, ben]);
    expect(report.violations).toEqual([]);
    expect(report.counts.messages).toBeGreaterThan(20);
    expect(report.counts.delivered).toBe(report.counts.expected);
  });
});
