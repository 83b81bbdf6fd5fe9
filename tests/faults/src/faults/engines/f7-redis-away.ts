// F7: Redis dead, emptied, restarted empty, or its subscribers' links cut. It is never the truth: nothing durable is lost, what is said is
// seen within 5 s of its return, and presence is right within 20 s.
import { Redis } from 'ioredis';
import type { Fault, Scene } from '../../fault.ts';
import { watchAll, wrongPresence } from '../../measure/presence.ts';
import { delaysIn, percentile } from '../../measure/spans.ts';
import { sleep, until } from '../../sleep.ts';

const AWAY_MS = { least: 3_000, most: 5_000 } as const;
const LONG_MS = { least: 10_000, most: 60_000 } as const;
const LIVE_MS = 5_000;
const PRESENCE_MS = 20_000;

type Way = 'killed' | 'emptied' | 'restarted empty' | 'links cut';

export const redisAway: Fault = {
  id: 'F7',
  name: 'Redis killed, emptied, restarted empty, or its subscribers cut',
  async run(scene) {
    const ways = scene.random.shuffled<Way>(['killed', 'emptied', 'restarted empty', 'links cut']);
    watchAll([scene.load.owner, ...scene.load.people]);
    const known = await until(() => wrongPresence([scene.load.owner, ...scene.load.people]) === 0, PRESENCE_MS);
    scene.check(known !== null, 'presence was not right before');
    for (const way of scene.long ? ways : ways.slice(0, 2)) await away(scene, way);
  },
};

async function away(scene: Scene, way: Way): Promise<void> {
  const { load, random, step, figure, check } = scene;
  const people = [load.owner, ...load.people];
  step(`Redis ${way}`);
  const began = performance.now();
  // Somebody goes while nobody can be told.
  const leaver = random.pick(load.people);
  await hurt(scene, way, () => leaver.parley.disconnect());
  const back = performance.now();
  const room = load.rooms[0] ?? '';
  const said = load.say(load.owner, room, `after Redis was ${way}`);
  const here = people.filter((one) => one !== leaver);
  const live = await until(
    async () => here.every(({ parley }) => parley.state.rooms.get(room)?.messages.some(({ text }) => text?.endsWith(`after Redis was ${way}`))),
    LIVE_MS * 2,
  );
  await said.catch(() => {});
  figure({ name: `${way}: live again`, value: live === null ? Math.round(performance.now() - back) : live, unit: 'ms', most: LIVE_MS });
  const right = await until(() => wrongPresence(here) === 0, PRESENCE_MS * 2);
  figure({ name: `${way}: presence right`, value: Math.round(performance.now() - back), unit: 'ms', most: PRESENCE_MS });
  check(right !== null, `presence was still wrong for ${wrongPresence(here)} pairs`);
  figure({ name: `${way}: send to seen p99 until live again`, value: percentile(delaysIn(here, began, performance.now()), 0.99), unit: 'ms' });
  await leaver.parley.connect();
}

async function hurt({ engines: { redis }, random, long }: Scene, way: Way, meanwhile: () => void): Promise<void> {
  const { least, most } = long ? LONG_MS : AWAY_MS;
  const ms = random.between(least, most);
  if (way === 'killed') {
    await redis.kill();
    meanwhile();
    await sleep(ms);
    await redis.start();
    return;
  }
  const client = new Redis(redis.url, { lazyConnect: true, maxRetriesPerRequest: 1 });
  client.on('error', () => {});
  await client.connect();
  try {
    if (way === 'emptied') {
      await client.flushall();
      meanwhile();
    } else if (way === 'links cut') {
      await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      meanwhile();
    } else {
      await client.flushall();
      await redis.kill();
      meanwhile();
      await sleep(ms);
      await redis.start();
    }
  } finally {
    client.disconnect();
  }
}
