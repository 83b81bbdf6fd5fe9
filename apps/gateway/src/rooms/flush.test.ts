// When frames are written, and how many writes they cost.
import { createManualClock } from '@parley/ports';
import { expect, test } from 'vitest';
import type { Session } from '../session.ts';
import { type Flushable, Flusher } from './flush.ts';

const session = (writes: string[]): Session =>
  ({ socket: { write: (bytes: Uint8Array) => writes.push(new TextDecoder().decode(bytes)) } }) as unknown as Session;

function room(...sessions: Session[]): Flushable & { pending: string[] } {
  return {
    pending: [],
    drainTo(write) {
      const bytes = new TextEncoder().encode(this.pending.splice(0).join(''));
      if (bytes.byteLength > 0) for (const one of sessions) write(one, bytes);
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
  const shared = session(both as string[]);
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

test('the dearer a flush, the longer the next one waits, but never more than 10 ms', async () => {
  const clock = createManualClock();
  let costMs = 0;
  const flusher = new Flusher({ ...clock, monotonic: () => clock.monotonic() + costMs });
  const writes: string[] = [];
  const dear: Flushable = {
    drainTo: () => {
      costMs += 100;
      writes.push('x');
    },
  };
  flusher.mark(dear);
  await Promise.resolve();
  expect(writes.length).toBe(1);
  flusher.mark(dear);
  await Promise.resolve();
  expect(writes.length).toBe(1);
  await clock.advance(9);
  expect(writes.length).toBe(1);
  await clock.advance(1);
  expect(writes.length).toBe(2);
});
