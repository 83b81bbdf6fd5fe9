// Somebody is away: a cut connection, a long absence, another epoch of their place. They come back and have missed nothing unnoticed.

import { LIMITS } from '@parley/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, type Person, type World } from '../src/index.ts';

let world: World;
let ann: Person;
let ben: Person;

beforeAll(async () => {
  world = await openWorld();
  ann = await world.person('Ann');
  ben = await world.person('Ben');
});
afterAll(() => world.close());

const say = async (person: Person, room: string, lines: number): Promise<void> => {
  await Promise.all(Array.from({ length: lines }, (_, i) => person.parley.room(room).send(`line ${i}`)));
};

describe('coming back', () => {
  it('after a short cut brings exactly the lines that were missed', async () => {
    const room = await world.channel(ann, [ben]);
    await say(ann, room, 5);
    await ben.sees('five lines', () => ben.texts(room).length === 5);
    ben.parley.disconnect();
    await say(ann, room, 40);
    await ben.parley.connect();
    await ben.sees('everything', () => ben.roomState(room).seq === ann.roomState(room).seq);
    expect(ben.texts(room)).toEqual(ann.texts(room));
    const report = await world.judge(ann, [room], [ann, ben]);
    expect(report.violations).toEqual([]);
  });

  it('with lines written while away sends them once, in order', async () => {
    const room = await world.channel(ann, [ben]);
    ben.parley.disconnect();
    const sent = Array.from({ length: 5 }, (_, i) => ben.parley.room(room).send(`offline ${i}`));
    expect(ben.parley.state.outbox.filter((entry) => entry.command.room === room)).toHaveLength(5);
    await ben.parley.connect();
    await Promise.all(sent);
    await ann.sees('the lines', () => ann.texts(room).length === 5);
    expect(ann.texts(room)).toEqual([0, 1, 2, 3, 4].map((i) => `offline ${i}`));
  });

  it('after a very long absence gets the room as it stands, not a gap', async () => {
    const room = await world.channel(ann, [ben]);
    ben.parley.disconnect();
    const lines = LIMITS.resumeEvents + 50;
    for (let from = 0; from < lines; from += 350) await say(ann, room, Math.min(350, lines - from));
    let resets = 0;
    ben.parley.on('reset', (reset) => {
      if (reset.room === room) resets++;
    });
    await ben.parley.connect();
    await ben.sees('the head', () => ben.roomState(room).seq === ann.roomState(room).seq);
    expect(resets).toBeGreaterThan(0);
    expect(ben.texts(room).at(-1)).toBe(ann.texts(room).at(-1));
    await ben.parley.room(room).loadOlder();
    const seqs = ben.roomState(room).messages.map((message) => message.seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    const report = await world.judge(ann, [room], [ann, ben]);
    expect(report.violations).toEqual([]);
  }, 60_000);
});
