// Whose X-Forwarded-For is believed: limits by address must see the client behind our own proxies, and nobody may invent an address.
import { systemRng } from '@parley/ports';
import { expect, test } from 'vitest';
import { createLogger } from '../log.ts';
import { createHttpApp } from './app.ts';

async function addressSeen(trustedProxies: readonly string[] | undefined, from: string, forwarded: string): Promise<string> {
  const app = createHttpApp({ logger: createLogger({ level: 'silent' }), rng: systemRng, ...(trustedProxies === undefined ? {} : { trustedProxies }) });
  app.get('/', async (request) => request.ip);
  const answer = await app.inject({ url: '/', remoteAddress: from, headers: { 'x-forwarded-for': forwarded } });
  await app.close();
  return answer.body;
}

test('nobody is believed by default', async () => {
  expect(await addressSeen(undefined, '10.0.0.1', '203.0.113.9')).toBe('10.0.0.1');
  expect(await addressSeen([], '127.0.0.1', '203.0.113.9')).toBe('127.0.0.1');
});

test('a listed address or range is, another is not', async () => {
  expect(await addressSeen(['10.0.0.0/8'], '10.1.2.3', '203.0.113.9')).toBe('203.0.113.9');
  expect(await addressSeen(['127.0.0.1', '::1'], '127.0.0.1', '203.0.113.9')).toBe('203.0.113.9');
  expect(await addressSeen(['10.0.0.0/8'], '198.51.100.7', '203.0.113.9')).toBe('198.51.100.7');
});

test('what a client wrote before our proxies did is not believed', async () => {
  expect(await addressSeen(['10.0.0.0/8'], '10.0.0.1', '1.1.1.1, 203.0.113.9, 10.0.0.2')).toBe('203.0.113.9');
});
