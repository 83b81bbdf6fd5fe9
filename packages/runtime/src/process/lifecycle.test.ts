// One process' life: order of start and stop, and what signals do.
import { EventEmitter } from 'node:events';
import { createManualClock } from '@parley/ports';
import { expect, test, vi } from 'vitest';
import { createLogger } from '../log.ts';
import type { Service } from '../service.ts';
import { startServices, stopOnSignal } from './lifecycle.ts';

const logger = createLogger({ level: 'silent' });
const services = (done: string[], failing?: string): Service[] =>
  ['a', 'b', 'c'].map((name) => ({
    name,
    start: async () => {
      if (name === failing) throw new Error(`${name} cannot`);
      done.push(`+${name}`);
    },
    stop: async () => {
      done.push(`-${name}`);
      if (name === 'b') throw new Error('b stops badly');
    },
  }));

test('Services start in order and stop in reverse, once, also when one stops badly.', async () => {
  const done: string[] = [];
  const running = await startServices(services(done), logger);
  await Promise.all([running.stop(), running.stop()]);
  expect(done).toEqual(['+a', '+b', '+c', '-c', '-b', '-a']);
});

test('When one cannot start, it and those before it are stopped and the reason is thrown.', async () => {
  const done: string[] = [];
  await expect(startServices(services(done, 'c'), logger)).rejects.toThrow('c cannot');
  expect(done).toEqual(['+a', '+b', '-c', '-b', '-a']);
});

const setup = (stop: () => Promise<void>) => {
  const clock = createManualClock();
  const signals = new EventEmitter();
  const exit = vi.fn<(code: number) => void>();
  const off = stopOnSignal({ stop, clock, logger, graceMs: 10_000, exit, signals });
  return { clock, signals, exit, off };
};

test('A signal drains and ends with 0.', async () => {
  const { clock, signals, exit, off } = setup(async () => {});
  signals.emit('SIGTERM');
  await vi.waitFor(() => expect(exit.mock.calls).toEqual([[0]]));
  await vi.waitFor(() => expect(clock.nextIn()).toBeNull());
  off();
  expect(signals.listenerCount('SIGTERM') + signals.listenerCount('SIGINT')).toBe(0);
});

test('A later signal ends at once, one ctrl-C that comes twice does not, and the end of the grace does.', async () => {
  const twice = setup(() => new Promise(() => {}));
  twice.signals.emit('SIGINT');
  twice.signals.emit('SIGTERM');
  expect(twice.exit).not.toHaveBeenCalled();
  await twice.clock.advance(400);
  twice.signals.emit('SIGTERM');
  expect(twice.exit.mock.calls).toEqual([[1]]);
  const slow = setup(() => new Promise(() => {}));
  slow.signals.emit('SIGTERM');
  await slow.clock.advance(9_999);
  expect(slow.exit).not.toHaveBeenCalled();
  await slow.clock.advance(1);
  expect(slow.exit.mock.calls).toEqual([[1]]);
});
