// Calls between services: typed, checked on both sides, never without an end.
import { createManualClock, systemRng } from '@parley/ports';
import { contract, ParleyError } from '@parley/protocol';
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { createInternalBus } from './bus.ts';
import { answer } from './calls.ts';
import { createInternalTokens } from './tokens.ts';

const double = contract('numbers.double', z.object({ n: z.int() }), z.object({ n: z.int() }), 2_000);
const KEY = 'a key that is long enough for this';
const setup = () => {
  const clock = createManualClock();
  const bus = createInternalBus({ key: KEY, clock, rng: systemRng });
  return { clock, bus, client: bus.clientFor('gateway') };
};
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'none',
    (error: unknown) => (error instanceof ParleyError ? error.code : `not ours: ${String(error)}`),
  );

test('A call is answered, and the service learns who called.', async () => {
  const { bus, client } = setup();
  const callers: string[] = [];
  bus.register([
    answer(double, async ({ n }, caller) => {
      callers.push(caller);
      return { n: n * 2 };
    }),
  ]);
  expect(await client.call(double, { n: 21 })).toEqual({ n: 42 });
  expect(callers).toEqual(['gateway']);
});

test('What is not of the contract is refused on the way in and on the way out.', async () => {
  const { bus, client } = setup();
  let calls = 0;
  bus.register([answer(double, async () => ({ n: ++calls + 0.5 }))]);
  expect(await codeOf(client.call(double, { n: 'x' } as never))).toBe('invalid');
  expect(calls).toBe(0);
  expect(await codeOf(client.call(double, { n: 1 }))).toBe('internal');
});

test('A refusal of the service arrives as it is; what broke in it tells nothing.', async () => {
  const { bus, client } = setup();
  const fail: { error: Error } = { error: new ParleyError('not_found', 'No such number.') };
  bus.register([answer(double, () => Promise.reject(fail.error))]);
  await expect(client.call(double, { n: 1 })).rejects.toBe(fail.error);
  fail.error = new Error('password=hunter2');
  const broken = await client.call(double, { n: 1 }).catch((error: unknown) => error);
  expect(broken).toMatchObject({ code: 'internal' });
  expect(JSON.stringify((broken as ParleyError).toBody())).not.toContain('hunter2');
});

test('A service that does not answer in time, or is not there, or went away, is unavailable with a time to come back.', async () => {
  const { clock, bus, client } = setup();
  expect(await codeOf(client.call(double, { n: 1 }))).toBe('unavailable');
  const unregister = bus.register([answer(double, () => new Promise(() => {}))]);
  const hanging = client.call(double, { n: 1 }).catch((error: unknown) => error);
  await clock.advance(1_999);
  expect(clock.nextIn()).toBe(1);
  await clock.advance(1);
  expect(await hanging).toMatchObject({ code: 'unavailable', retryAfterMs: 1_000 });
  unregister();
  expect(await codeOf(client.call(double, { n: 1 }))).toBe('unavailable');
  expect(clock.nextIn()).toBeNull();
});

test('Two services cannot answer the same call.', () => {
  const { bus } = setup();
  bus.register([answer(double, async ({ n }) => ({ n }))]);
  expect(() => bus.register([answer(double, async ({ n }) => ({ n }))])).toThrow('answered twice');
});

test('Internal tokens live a minute, are re-used within half of it, and none that was changed passes.', async () => {
  const clock = createManualClock();
  const tokens = createInternalTokens(KEY, clock, systemRng);
  const token = tokens.issue('rooms');
  expect(tokens.issue('rooms')).toBe(token);
  expect(tokens.check(token)).toBe('rooms');
  const [, ...rest] = token.split('.');
  const forgeries = [
    [Buffer.from('accounts').toString('base64url'), ...rest].join('.'),
    token.slice(0, -1),
    '',
    '.',
    createInternalTokens(`${KEY}!`, clock, systemRng).issue('rooms'),
  ];
  for (const forged of forgeries) expect(() => tokens.check(forged)).toThrow(ParleyError);
  await clock.advance(30_000);
  expect(tokens.issue('rooms')).not.toBe(token);
  expect(tokens.check(token)).toBe('rooms');
  await clock.advance(30_000);
  expect(() => tokens.check(token)).toThrow('expired');
});

test('A short key is refused at start.', () => {
  expect(() => createInternalBus({ key: 'short', clock: createManualClock(), rng: systemRng })).toThrow('32');
});
