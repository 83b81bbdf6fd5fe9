// The breaker against a process that is really ended, paused and brought back.
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock as clock, systemRng as rng } from '@parley/ports';
import { ParleyError } from '@parley/protocol';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createInternalHttp, createLogger, createMetrics } from '../src/index.ts';
import { say } from './fixtures/echo-service.ts';
import { startChild } from './fixtures/start-child.ts';

const KEY = 'a key that is long enough for this test';
const logger = createLogger({ level: 'silent' });

function connect(...urls: string[]) {
  const metrics = createMetrics({ defaults: false });
  const transport = createInternalHttp({ key: KEY, urls: { echo: urls }, clock, rng, logger, metrics });
  onTestFinished(() => transport.close());
  const call = () => transport.clientFor('test').call(say, { text: 'hello' });
  const codeOf = (): Promise<string> =>
    call().then(
      () => 'ok',
      (error: unknown) => (error instanceof ParleyError ? error.code : 'not ours'),
    );
  return { transport, metrics, call, codeOf, state: () => transport.breakers()[0]?.state };
}

test('It opens within 2 s of a kill -9 under steady calls, says so, fails at once, and closes by itself within 10 s of the return.', {
  timeout: 30_000,
}, async () => {
  const child = await startChild(KEY);
  const { transport, metrics, call, codeOf, state } = connect(child.url);
  // Good answers of before must not keep it closed.
  for (let i = 0; i < 40; i++) expect((await call()).pid).toBe(child.process.pid);
  await child.end('SIGKILL');
  const died = performance.now();
  while (state() !== 'open' && performance.now() - died < 5_000) {
    expect(await codeOf()).toBe('unavailable');
    await wait(50);
  }
  expect(state()).toBe('open');
  expect(performance.now() - died).toBeLessThan(2_000);
  expect(transport.problems()).toEqual([`echo at ${child.url} does not answer.`]);
  expect(await metrics.text()).toMatch(/parley_breaker_state\{[^}]*service="echo"[^}]*\} 1/);
  const began = performance.now();
  for (let i = 0; i < 100; i++) expect(await codeOf()).toBe('unavailable');
  expect(performance.now() - began).toBeLessThan(500);

  const again = await startChild(KEY, child.port);
  const back = performance.now();
  // Nobody calls: it looks by itself.
  await vi.waitFor(() => expect(state()).toBe('closed'), { timeout: 11_000, interval: 50 });
  expect(performance.now() - back).toBeLessThan(10_000);
  expect((await call()).pid).toBe(again.process.pid);
  expect(transport.problems()).toEqual([]);
  expect(await metrics.text()).toMatch(/parley_breaker_state\{[^}]*service="echo"[^}]*\} 0/);
});

test('One of two that is paused stops being asked, and costs no read its answer.', { timeout: 30_000 }, async () => {
  const [one, other] = await Promise.all([startChild(KEY), startChild(KEY)]);
  const { transport, call } = connect(one.url, other.url);
  one.process.kill('SIGSTOP');
  onTestFinished(() => void one.process.kill('SIGCONT'));
  const answers = await Promise.all(Array.from({ length: 8 }, call));
  expect(new Set(answers.map(({ pid }) => pid))).toEqual(new Set([other.process.pid]));
  await vi.waitFor(() => expect(transport.breakers().map(({ state }) => state)).toEqual(['open', 'closed']), { timeout: 5_000 });
  const began = performance.now();
  for (let i = 0; i < 10; i++) expect((await call()).pid).toBe(other.process.pid);
  expect(performance.now() - began).toBeLessThan(1_000);
  one.process.kill('SIGCONT');
  await vi.waitFor(() => expect(transport.breakers()[0]?.state).toBe('closed'), { timeout: 10_000, interval: 50 });
});

test('Refusals never open it.', async () => {
  const child = await startChild(KEY);
  const { transport, codeOf, state } = connect(child.url);
  for (let i = 0; i < 20; i++) await expect(transport.clientFor('test').call(say, { text: 1 } as never)).rejects.toMatchObject({ code: 'invalid' });
  expect(state()).toBe('closed');
  expect(await codeOf()).toBe('ok');
});
