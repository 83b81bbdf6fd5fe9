// Every route says what it is for, what it takes and what it answers, and asks who calls unless it is for those who are not signed in.

import { createManualClock, systemRng } from '@parley/ports';
import { createMemoryEventLog } from '@parley/ports/memory';
import { createHttpApp, createLogger } from '@parley/runtime';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAccounts } from '../src/accounts.ts';
import { startAccounts } from './accounts-harness.ts';

interface Route {
  readonly method: string;
  readonly url: string;
  readonly schema: { summary?: string; response?: object; body?: object; security?: unknown };
}

const noServices = { call: (): Promise<never> => Promise.reject(new Error('Documents need no services.')) };

/** The routes of a service that is not started: the documents are made so. */
async function routesOfAccounts(): Promise<Route[]> {
  const logger = createLogger({ level: 'silent' });
  const clock = createManualClock();
  const database = { host: '127.0.0.1', port: 1, user: 'nobody', database: 'none' };
  const log = createMemoryEventLog({ topics: {}, clock });
  const service = createAccounts({
    database,
    log,
    internal: noServices,
    clock,
    rng: systemRng,
    logger,
    config: { issuer: 'x', registration: 'open', setupCode: null },
  });
  const app = createHttpApp({ logger, rng: systemRng });
  const routes: Route[] = [];
  app.addHook('onRoute', (route) => {
    if (route.method !== 'HEAD') routes.push({ method: String(route.method), url: route.url, schema: route.schema as Route['schema'] });
  });
  await service.routes?.(app);
  await app.ready();
  await app.close();
  return routes;
}

test('Every route is described whole.', async () => {
  const routes = await routesOfAccounts();
  expect(routes.length).toBeGreaterThanOrEqual(16);
  for (const route of routes) expect([route.url, Boolean(route.schema?.summary), Boolean(route.schema?.response)]).toEqual([route.url, true, true]);
});

test('Every route but those for signing in refuses who is not signed in, and owner routes refuse members.', async () => {
  const accounts = await startAccounts();
  await accounts.register('owner');
  const member = await accounts.register('member');
  const ofOwner = [
    'PATCH /api/setup',
    'POST /api/registration-invitations',
    'POST /api/load-keys',
    'POST /api/people/import',
    'POST /api/people/:id/erase',
    'GET /api/sagas/accounts',
  ];
  const bodies: Record<string, object> = {
    'PATCH /api/setup': { registration: 'open' },
    'POST /api/people/import': { people: [] },
    'PATCH /api/me': { name: 'x' },
    'POST /api/me/password': { current: 'x', next: 'y' },
    'POST /api/me/erase': { password: 'x' },
  };
  const open = (await routesOfAccounts()).filter((route) => route.schema.security === undefined).map((route) => `${route.method} ${route.url}`);
  expect(open.sort()).toEqual([
    'GET /.well-known/jwks.json',
    'GET /api/setup',
    'POST /api/accounts/login',
    'POST /api/accounts/logout',
    'POST /api/accounts/refresh',
    'POST /api/accounts/register',
  ]);
  for (const { method, url, schema } of await routesOfAccounts()) {
    if (schema.security === undefined) continue;
    const name = `${method} ${url}`;
    const call = (token?: string) =>
      accounts.call(method as 'GET', url.replace(':id', member.session), { ...(bodies[name] ? { body: bodies[name] } : {}), ...(token ? { token } : {}) });
    expect([name, (await call()).error?.code]).toEqual([name, 'unauthenticated']);
    if (ofOwner.includes(name)) expect([name, (await call(member.accessToken)).error?.code]).toEqual([name, 'forbidden']);
  }
});

test('No body or query, whatever it holds, makes accounts fail: it is answered or refused.', async () => {
  const accounts = await startAccounts();
  const owner = await accounts.register('owner');
  const routes = (await routesOfAccounts()).filter((route) => !/logout|password|:id/.test(route.url));
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constantFrom('ada', 'owner', '\u0000', '\ud800', owner.refreshToken, owner.session));
  const field = fc.constantFrom(
    'handle',
    'password',
    'name',
    'device',
    'invitation',
    'setupCode',
    'refreshToken',
    'registration',
    'uses',
    'expiresInMs',
    'people',
  );
  const value = fc.oneof(text, fc.jsonValue({ maxDepth: 3 }), fc.double(), fc.constant([{ handle: 'x\u0000', name: 'x' }]));
  const body = fc.oneof(fc.jsonValue(), fc.dictionary(field, value), fc.record({ handle: text, password: text, name: text }, { requiredKeys: [] }));
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), body, text, fc.nat(250), async (route, payload, query, address) => {
      const hasBody = route.method !== 'GET' && route.method !== 'DELETE';
      const answer = await accounts.call(route.method as 'GET', `${route.url}?q=${encodeURIComponent(query.toWellFormed())}`, {
        ...(hasBody ? { body: JSON.stringify(payload), headers: { 'content-type': 'application/json' } } : {}),
        token: owner.accessToken,
        address: `10.0.0.${address}`,
      });
      answered++;
      expect([answer.status, answer.body]).toSatisfy(([status]) => (status as number) < 500);
    }),
    { numRuns: 400 },
  );
  expect(answered).toBeGreaterThan(300);
});
