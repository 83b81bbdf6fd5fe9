// F3: kill -9 of the edge, accounts, rooms, notifications and media. Who asks meanwhile is answered in words within 5 s, by a breaker that
// opens and closes again; chat goes on.
import { createParley } from '@parley/sdk';
import type { Fault, Scene } from '../../fault.ts';
import { delaysIn, percentile } from '../../measure/spans.ts';
import { sleep, until } from '../../sleep.ts';

const SERVICES = ['accounts', 'rooms', 'notifications', 'media', 'edge'] as const;
/** What a person asks of each. */
const ASKS: Readonly<Record<(typeof SERVICES)[number], string>> = {
  accounts: '/api/sessions',
  rooms: '/api/rooms/public',
  notifications: '/api/notifications/devices',
  media: '/api/media/files/00000000-0000-7000-8000-000000000000/info',
  edge: '/api/setup',
};
const AWAY_MS = 3_000;
const TOLD_MS = 5_000;
/** The breaker's half-open probe comes within this, and the service is there. */
const CLOSED_MS = 10_000;
const CHAT_P99_MS = 1_000;

export const servicesKilled: Fault = {
  id: 'F3',
  name: 'kill -9 of edge, accounts, rooms, notifications and media',
  async run(scene) {
    const { load, random, long, figure } = scene;
    const began = performance.now();
    const services = random.shuffled(SERVICES);
    for (const service of long ? services : services.slice(0, 3)) await killed(scene, service);
    figure({
      name: 'chat meanwhile, send to seen p99',
      value: percentile(delaysIn([load.owner, ...load.people], began, performance.now()), 0.99),
      unit: 'ms',
      most: CHAT_P99_MS,
    });
  },
};

async function killed(scene: Scene, service: (typeof SERVICES)[number]): Promise<void> {
  const { stage, cluster, load, random, step, figure, check } = scene;
  const who = random.pick(load.people);
  // A client without a session of its own tries, so that nothing is kept from before.
  const asking = createParley({ url: cluster.url, loadKey: stage.loadKey });
  await asking.login({ handle: who.handle, password: who.password });
  const ask = async (): Promise<{ ms: number; ok: boolean; code: string }> => {
    const began = performance.now();
    const code = await asking.call('GET', ASKS[service]).then(
      () => 'ok',
      (error: { code?: string }) => error.code ?? 'no code',
    );
    return { ms: Math.round(performance.now() - began), ok: code === 'ok' || code === 'not_found', code };
  };
  try {
    step(`kill -9 ${service}`);
    const process = cluster.process(service);
    await process.kill();
    // And not back again before it is told to.
    await process.stop();
    const gone = performance.now();
    const answers: Awaited<ReturnType<typeof ask>>[] = [];
    while (performance.now() - gone < AWAY_MS) {
      answers.push(await ask());
      await sleep(50);
    }
    const bad = answers.filter(({ ok }) => !ok);
    figure({ name: `${service}: asked while it was away`, value: answers.length, unit: 'count', least: 1 });
    figure({ name: `${service}: answered, max`, value: Math.max(0, ...answers.map(({ ms }) => ms)), unit: 'ms', most: TOLD_MS });
    const codes = [...new Set(bad.map(({ code }) => code))];
    check(
      codes.every((code) => code === 'unavailable'),
      `${service}: answered ${codes.join(', ')}`,
    );
    const middle = bad.toSorted((a, b) => a.ms - b.ms)[Math.floor(bad.length / 2)]?.ms ?? 0;
    figure({ name: `${service}: refused, p50`, value: middle, unit: 'ms' });
    check(bad.length > 0, `${service} was away and nobody noticed`);
    await process.start();
    await process.ready();
    const back = await until(async () => (await ask()).ok, CLOSED_MS);
    figure({ name: `${service}: answers again after it serves`, value: back ?? CLOSED_MS + 1, unit: 'ms', most: CLOSED_MS });
  } finally {
    await asking.close();
  }
}
