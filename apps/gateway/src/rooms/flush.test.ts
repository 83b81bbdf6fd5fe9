// When frames are written, and how many writes they cost.
import { createManualClock } from '@parley/ports';
import { expect, test } from 'vitest';
import type { Session } from '../session.ts';
import { type Flushable, Flusher } from './flush.ts';

const session = (writes: string[], rooms = 1): Session =>
  ({
    seats: { size: rooms },
    socket: { write: (bytes: Uint8Array) => writes.push(new TextDecoder().decode(bytes)) },
  }) as unknown as Session;

const noCost = () => ({ events: 0, bytes: 0, flushUs: 0 });

function room(...sessions: Session[]): Flushable & { pending: string[] } {
  return {
    pending: [],
    cost: noCost(),
    drainTo(write) {
      const bytes = new TextEncoder().encode(this.pending.splice(0).join(''));
      if (bytes.byteLength === 0) return 0;
      for (const one of sessions) write(one, bytes);
      return sessions.length;
    },
  };
}

test('when it is quiet, what came in one turn is written together at its end', async () => {
  const clock = createManualClock();
  const flusher = new Flusher(clock);
  const writes: string[] = [];
  const one = room(session(writes));
  for (const text of ['a', 'b']) {
    one.pending.push(text);
    flusher.mark(one);
  }
  expect(writes).toEqual([]);
  await Promise.resolve();
  expect(writes).toEqual(['ab']);
});

test('a socket with frames of several rooms gets one write', async () => {
  const flusher = new Flusher(createManualClock());
  const [both, first]: string[][] = [[], []];
  const shared = session(both as string[], 3);
  const rooms = [room(shared, session(first as string[])), room(shared), room(shared)];
  for (const [i, one] of rooms.entries()) {
    one.pending.push(`${i}`);
    flusher.mark(one);
  }
  await Promise.resolve();
  expect([both, first]).toEqual([['012'], ['0']]);
});

test('a room that must be written now is, and what comes after it goes with the tick', async () => {
  const flusher = new Flusher(createManualClock());
  const writes: string[] = [];
  const one = room(session(writes));
  one.pending.push('a');
  flusher.mark(one);
  flusher.now(one);
  expect(writes).toEqual(['a']);
  one.pending.push('b');
  flusher.mark(one);
  await Promise.resolve();
  expect(writes).toEqual(['a', 'b']);
});

/** A flusher whose flushes take as long as told, and a room that notes when it is written. */
function timed() {
  const clock = createManualClock();
  let spentMs = 0;
  const monotonic = (): number => clock.monotonic() + spentMs;
  const flusher = new Flusher({ ...clock, monotonic });
  const room = { costMs: 0, writes: 0, cost: noCost() };
  const flushable: Flushable = {
    cost: room.cost,
    drainTo: () => {
      spentMs += room.costMs;
      room.writes += 1;
      return 1;
    },
  };
  return { clock, flusher, room, flushable };
}

/** Marks every ms for so long; answers how often was written. */
async function busy({ clock, flusher, room, flushable }: ReturnType<typeof timed>, ms: number): Promise<number> {
  const before = room.writes;
  for (let i = 0; i < ms; i++) {
    flusher.mark(flushable);
    await clock.advance(1);
  }
  return room.writes - before;
}

test('while flushing is a small share of the time, nothing waits', async () => {
  const world = timed();
  world.room.costMs = 0.03;
  expect(await busy(world, 500)).toBe(500);
  expect(world.flusher.windowMs()).toBe(0);
});

test('the more of its time a worker flushes, the longer events wait, up to 10 ms, and no longer when it is quiet again', async () => {
  const world = timed();
  world.room.costMs = 4;
  await busy(world, 1_000);
  const { flusher } = world;
  expect(flusher.windowMs()).toBeGreaterThan(7);
  expect(flusher.windowMs()).toBeLessThanOrEqual(10);
  expect(await busy(world, 1_000)).toBeLessThan(150);
  world.room.costMs = 100;
  await busy(world, 1_000);
  expect(flusher.windowMs()).toBe(10);
  world.room.costMs = 0.01;
  await busy(world, 2_000);
  expect(flusher.windowMs()).toBe(0);
});

test('an event that finds the window open is written when it closes, and the one after a pause at once', async () => {
  const { clock, flusher, room, flushable } = timed();
  flusher.setFloor(25);
  await clock.advance(100);
  flusher.mark(flushable);
  await Promise.resolve();
  expect(room.writes).toBe(1);
  flusher.mark(flushable);
  await clock.advance(24);
  expect(room.writes).toBe(1);
  await clock.advance(1);
  expect(room.writes).toBe(2);
  flusher.setFloor(0);
  flusher.mark(flushable);
  await Promise.resolve();
  expect(room.writes).toBe(3);
});

test('rooms share the time of a tick by their sockets', async () => {
  const clock = createManualClock();
  let spentMs = 0;
  const flusher = new Flusher({ ...clock, monotonic: () => clock.monotonic() + spentMs });
  const rooms = [3, 1].map((sockets): Flushable & { pending: string[] } => room(...Array.from({ length: sockets }, () => session([]))));
  for (const one of rooms) {
    one.pending.push('x');
    const drain = one.drainTo.bind(one);
    one.drainTo = (write) => {
      spentMs += 1;
      return drain(write);
    };
    flusher.mark(one);
  }
  await Promise.resolve();
  expect(rooms.map(({ cost }) => cost.flushUs)).toEqual([1_500, 500]);
});
