// Where clients are sent: to gateways that are ready, more often to the less busy ones, and somewhere in any case.
import http from 'node:http';
import { createManualClock, createSeededRng } from '@parley/ports';
import { createLogger } from '@parley/runtime';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createGateways } from '../src/proxy/gateways.ts';
import { listen } from './proxy-world.ts';

interface Fake {
  url: string;
  status: number;
  load: number | undefined;
  asked: number;
}

async function fakeGateway(load: number | undefined, status = 200): Promise<Fake> {
  const fake: Fake = { url: '', status, load, asked: 0 };
  fake.url = await listen(
    http.createServer((_request, response) => {
      fake.asked += 1;
      const health = { status: fake.status === 200 ? 'ok' : 'draining', problems: [], ...(fake.load === undefined ? {} : { load: fake.load }) };
      response.writeHead(fake.status, { 'content-type': 'application/json' }).end(JSON.stringify(health));
    }),
  );
  return fake;
}

async function start(fakes: readonly { url: string }[]) {
  const clock = createManualClock();
  const gateways = createGateways({ urls: fakes.map(({ url }) => url), clock, rng: createSeededRng(7), logger: createLogger({ level: 'silent' }) });
  await gateways.start();
  onTestFinished(() => gateways.stop());
  const spread = (times: number): Record<string, number> => {
    const counts: Record<string, number> = Object.fromEntries(fakes.map(({ url }) => [url, 0]));
    for (let i = 0; i < times; i++) {
      const url = gateways.choose();
      counts[url] = (counts[url] ?? 0) + 1;
    }
    return counts;
  };
  return { clock, gateways, spread };
}

test('Many who come at once are spread, also between two looks at the gateways.', async () => {
  const fakes = [await fakeGateway(0), await fakeGateway(0), await fakeGateway(undefined)];
  const { spread } = await start(fakes);
  for (const count of Object.values(spread(300))) expect(count).toBeGreaterThan(80);
});

test('A busy gateway gets fewer until the others have caught up.', async () => {
  const [busy, idle] = [await fakeGateway(1_000), await fakeGateway(0)];
  const { spread } = await start([busy, idle]);
  const counts = spread(400);
  expect(counts[idle.url]).toBeGreaterThan(250);
  expect(counts[busy.url]).toBeGreaterThan(0);
});

test('Nobody is sent to a gateway that drains or is gone, and to it again once it is back.', async () => {
  const [one, other] = [await fakeGateway(0), await fakeGateway(0)];
  const { clock, gateways, spread } = await start([one, other]);
  one.status = 503;
  await clock.advance(1_500);
  await vi.waitFor(() => expect(gateways.problems()).toEqual([`The gateway at ${one.url} is not ready.`]));
  expect(spread(50)).toEqual({ [one.url]: 0, [other.url]: 50 });
  one.status = 200;
  await clock.advance(1_500);
  await vi.waitFor(() => expect(gateways.problems()).toEqual([]));
  expect(spread(50)[one.url]).toBeGreaterThan(0);
});

test('When none is known to be ready, clients are still sent somewhere.', async () => {
  const [one, other] = [await fakeGateway(0, 503), await fakeGateway(0, 503)];
  const { spread } = await start([one, other]);
  const counts = spread(50);
  expect((counts[one.url] ?? 0) + (counts[other.url] ?? 0)).toBe(50);
});

test('A gateway is asked where we reach it, and named as browsers reach it.', async () => {
  const [ready, away] = [await fakeGateway(0), await fakeGateway(0, 503)];
  const clock = createManualClock();
  const urls = ['https://one.example', 'https://two.example'];
  const gateways = createGateways({ urls, checkUrls: [away.url, ready.url], clock, rng: createSeededRng(7), logger: createLogger({ level: 'silent' }) });
  onTestFinished(() => gateways.stop());
  await gateways.start();
  // Nobody is sent elsewhere when there is no elsewhere.
  expect(gateways.choose('https://two.example')).toBe('https://two.example');
  expect([gateways.choose(), gateways.choose()]).toEqual(['https://two.example', 'https://two.example']);
  expect(gateways.problems()).toEqual(['The gateway at https://one.example is not ready.']);
});
