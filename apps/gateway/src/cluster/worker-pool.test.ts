// When workers come and go, on a clock of our own: pauses that grow, a roll that stops at a bad successor, deaf workers, and a drain's end by force.
import { createManualClock, createSeededRng } from '@parley/ports';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Forked, FromWorker, ToWorker, WorkerExit } from './worker-link.ts';
import { createWorkerPool } from './worker-pool.ts';

class FakeWorker implements Forked {
  readonly pid: number;
  readonly slot: number;
  readonly got: ToWorker[] = [];
  killed = false;
  answers = true;
  private told: (message: FromWorker) => void = () => {};
  private exit: (exit: WorkerExit) => void = () => {};

  constructor(slot: number, pid: number) {
    this.slot = slot;
    this.pid = pid;
  }
  send(message: ToWorker): void {
    this.got.push(message);
    if ('ask' in message && this.answers) this.told({ answer: message.id, value: { sockets: 1, users: 1, rooms: 1, problems: [] } });
  }
  kill(): void {
    this.killed = true;
    this.exit({ code: null, signal: 'SIGKILL' });
  }
  onMessage(listener: (message: FromWorker) => void): void {
    this.told = listener;
  }
  onExit(listener: (exit: WorkerExit) => void): void {
    this.exit = listener;
  }
  ready(): void {
    this.told({ tell: 'ready' });
  }
  end(code: number | null, signal: string | null = null): void {
    this.exit({ code, signal });
  }
  get drained(): boolean {
    return this.got.some((message) => 'do' in message);
  }
}

function setup(workers: number) {
  const clock = createManualClock();
  const forked: FakeWorker[] = [];
  let crashes = 0;
  const pool = createWorkerPool({
    fork: (slot) => {
      const worker = new FakeWorker(slot, 100 + forked.length);
      forked.push(worker);
      return worker;
    },
    workers,
    graceMs: 10_000,
    clock,
    rng: createSeededRng(1),
    logger: pino({ level: 'silent' }),
    onCrash: () => crashes++,
  });
  pool.start();
  const settle = (): Promise<void> => clock.advance(0);
  const last = (): FakeWorker => forked.at(-1) as FakeWorker;
  return { clock, forked, pool, settle, last, crashes: () => crashes };
}

test('a worker that dies again and again comes back after pauses that grow to ten seconds, and each death is counted', async () => {
  const { clock, forked, pool, last, crashes } = setup(1);
  const pauses: number[] = [];
  for (let n = 1; n <= 10; n++) {
    last().end(null, 'SIGKILL');
    const from = clock.monotonic();
    while (forked.length === n) await clock.advance(10);
    pauses.push(clock.monotonic() - from);
  }
  expect(crashes()).toBe(10);
  expect(pool.crashes).toBe(10);
  expect(pauses[0]).toBeLessThanOrEqual(110);
  for (const [index, pause] of pauses.entries()) {
    expect(pause).toBeGreaterThanOrEqual(Math.min(10_000, 100 * 2 ** index) / 2);
    expect(pause).toBeLessThanOrEqual(Math.min(10_000, 100 * 2 ** index) + 10);
  }
  last().ready();
  await clock.advance(30_000);
  last().end(1);
  await clock.advance(110);
  expect(forked.length).toBe(12);
});

test('a worker that was asked to end by itself comes back and is no crash', async () => {
  const { clock, forked, pool, last } = setup(1);
  last().ready();
  last().end(0);
  await clock.advance(110);
  expect([forked.length, pool.crashes]).toEqual([2, 0]);
});

test('a roll never sends the old away before the new serves, and stops where the new does not get ready', async () => {
  const { clock, forked, pool, settle } = setup(2);
  const [one, two] = forked as [FakeWorker, FakeWorker];
  one.ready();
  two.ready();
  await pool.allReady;
  const rolled = pool.roll();
  await settle();
  expect(forked.length).toBe(3);
  expect(one.drained).toBe(false);
  forked[2]?.ready();
  await settle();
  expect([one.drained, two.drained, forked.length]).toEqual([true, false, 3]);
  one.end(0);
  await settle();
  expect(forked.length).toBe(4);
  await clock.advance(60_000);
  await rolled;
  expect(forked[3]?.killed).toBe(true);
  expect([two.drained, two.killed, pool.crashes, pool.serving]).toEqual([false, false, 0, true]);
});

test('a worker that does not answer for long is ended, and only that one', async () => {
  const { clock, forked, pool } = setup(2);
  const [one, two] = forked as [FakeWorker, FakeWorker];
  one.ready();
  two.ready();
  two.answers = false;
  await clock.advance(10_000);
  expect(two.killed).toBe(false);
  await clock.advance(10_000);
  expect([one.killed, two.killed, pool.crashes]).toEqual([false, true, 1]);
});

test('a drain tells all at once and ends by force who does not end', async () => {
  const { clock, forked, pool } = setup(2);
  const [one, two] = forked as [FakeWorker, FakeWorker];
  one.ready();
  two.ready();
  const drained = pool.drain();
  expect([one.drained, two.drained, pool.serving]).toEqual([true, true, false]);
  one.end(0);
  await clock.advance(9_900);
  expect(two.killed).toBe(false);
  await clock.advance(200);
  await drained;
  expect(two.killed).toBe(true);
  await clock.advance(20_000);
  expect(forked.length).toBe(2);
});
