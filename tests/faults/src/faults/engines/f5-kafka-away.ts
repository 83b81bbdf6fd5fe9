// F5: the log is away, dead or standing still. Nothing may be called accepted, everybody is told within 5 s, and reading and coming back go on.
import type { Fault, Scene } from '../../fault.ts';
import { percentile, triesIn } from '../../measure/spans.ts';
import { sleep, until } from '../../sleep.ts';
import type { Person } from '../../world/person.ts';

const AWAY_MS = { least: 6_000, most: 8_000 } as const;
const LONG_MS = { least: 20_000, most: 60_000 } as const;
/** I18, and what the gateway itself takes until it gives up: a try that began just before is answered by then. */
const TOLD_MS = 5_000;
const DRAIN_MS = 30_000;
/** The broker has written what it had when we look: after this nothing that is called accepted could have been on its way. */
const ON_ITS_WAY_MS = 250;

export const kafkaAway: Fault = {
  id: 'F5',
  name: 'Kafka killed and started again, or standing still',
  async run(scene) {
    const ways = scene.random.shuffled(['killed', 'paused'] as const);
    for (const way of scene.long ? ways : ways.slice(0, 1)) await away(scene, way);
  },
};

async function away(scene: Scene, way: 'killed' | 'paused'): Promise<void> {
  const { engines, load, random, long, step, figure, check } = scene;
  // What somebody is told who leaves is no word of the server's.
  const leaver = random.pick(load.people);
  const people = [load.owner, ...load.people].filter((one) => one !== leaver);
  const { least, most } = long ? LONG_MS : AWAY_MS;
  const ms = random.between(least, most);
  step(`Kafka ${way} for ${ms} ms`);
  if (way === 'killed') await engines.kafka.kill();
  else engines.kafka.pause();
  const gone = performance.now() + ON_ITS_WAY_MS;
  await sleep(ms / 2);
  await readAndComeBack(scene, leaver, way);
  await sleep(Math.max(0, gone + ms - performance.now()));
  const back = performance.now();
  if (way === 'killed') await engines.kafka.start();
  else engines.kafka.resume();
  const tries = triesIn(people, gone, back - TOLD_MS);
  const told = tries.filter(({ answer }) => answer !== 'accepted' && answer !== null);
  figure({ name: `${way}: tries while it was away`, value: tries.length, unit: 'count', least: 1 });
  figure({ name: `${way}: told, max`, value: Math.max(0, ...tries.map((one) => one.ms)), unit: 'ms', most: TOLD_MS });
  figure({
    name: `${way}: told p50`,
    value: percentile(
      tries.map((one) => one.ms),
      0.5,
    ),
    unit: 'ms',
  });
  if (way === 'killed')
    figure({ name: 'killed: called accepted without a log', value: tries.filter(({ answer }) => answer === 'accepted').length, unit: 'count', most: 0 });
  check(
    told.every(({ answer }) => answer === 'unavailable'),
    `told something else than unavailable: ${[...new Set(told.map(({ answer }) => answer))].join(', ')}`,
  );
  check(
    told.every(({ retryAfterMs }) => retryAfterMs !== null),
    'unavailable without retryAfterMs',
  );
  const drained = await until(() => people.every(({ parley }) => parley.state.outbox.every(({ createdAt }) => createdAt > Date.now() - 5_000)), DRAIN_MS);
  figure({ name: `${way}: old messages delivered after its return`, value: Math.round(performance.now() - back), unit: 'ms', most: DRAIN_MS });
  check(drained !== null, `messages of before still waited ${DRAIN_MS / 1000} s after Kafka's return`);
}

/** Somebody reads history, and somebody connects again. */
async function readAndComeBack({ load, figure, check }: Scene, person: Person, way: string): Promise<void> {
  const began = performance.now();
  const page = (await person.parley.call('GET', `/api/rooms/${load.rooms[0]}/events?after=0&limit=10`)) as { events: readonly unknown[] };
  figure({ name: `${way}: reading history`, value: Math.round(performance.now() - began), unit: 'ms', most: TOLD_MS });
  check(page.events.length > 0, 'history was empty');
  person.parley.disconnect();
  const left = performance.now();
  await person.parley.connect();
  figure({ name: `${way}: coming back`, value: Math.round(performance.now() - left), unit: 'ms', most: TOLD_MS });
}
