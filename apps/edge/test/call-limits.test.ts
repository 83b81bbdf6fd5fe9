// A person who calls in a loop meets a wall of their own; others, readers and load sessions do not.
import { systemRng } from '@parley/ports';
import type { AccessClaims } from '@parley/protocol';
import { authenticate, createHttpApp, createLogger } from '@parley/runtime';
import { expect, test } from 'vitest';
import { registerCallLimits } from '../src/call-limits.ts';

const claims = (token: string): AccessClaims => ({
  sub: token.split(' ')[0] ?? '',
  sid: 's',
  exp: 0,
  iat: 0,
  role: 'member',
  cls: token.endsWith('load') ? 'load' : 'person',
});

test('a loop of writes is slowed for its person only, by name and with the time to wait', async () => {
  const app = createHttpApp({ logger: createLogger({ level: 'silent' }), rng: systemRng });
  registerCallLimits(app, { readsPerMinute: 50, writesPerMinute: 5 });
  const onRequest = authenticate({ verify: async (token) => claims(token) });
  app.post('/api/thing', { onRequest }, async () => ({}));
  app.get('/api/thing', { onRequest }, async () => ({}));
  app.get('/open', async () => ({}));
  const call = (method: 'GET' | 'POST', token: string) => app.inject({ method, url: '/api/thing', headers: { authorization: `Bearer ${token}` } });
  for (let i = 0; i < 5; i++) expect((await call('POST', 'eve')).statusCode).toBe(200);
  const refused = await call('POST', 'eve');
  expect(refused.statusCode).toBe(429);
  expect(refused.json().error).toMatchObject({ code: 'slow_down', retryAfterMs: expect.any(Number) });
  expect((await call('GET', 'eve')).statusCode).toBe(200);
  expect((await call('POST', 'ann')).statusCode).toBe(200);
  for (let i = 0; i < 20; i++) expect((await call('POST', 'replay load')).statusCode).toBe(200);
  expect((await app.inject('/open')).statusCode).toBe(200);
  await app.close();
});
