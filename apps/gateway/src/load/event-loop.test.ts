// The real event loop: quiet while it is quiet, late while it is blocked, also when it is blocked all the time.
import { expect, test } from 'vitest';
import { createLoopDelay } from './event-loop.ts';

const block = (ms: number): void => {
  for (const end = performance.now() + ms; performance.now() < end; );
};
/** Turns of the loop that each take this long. */
const turns = async (count: number, ms: number): Promise<void> => {
  for (let i = 0; i < count; i++) {
    block(ms);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
};

test('turns of 120 ms are late by about that, and one that never ends is late by all of it', async () => {
  const loop = createLoopDelay();
  loop.start();
  try {
    await turns(1, 1);
    loop.lateMs(0);
    await turns(12, 120);
    expect(loop.lateMs(12 * 120)).toBeGreaterThan(90);
    block(900);
    expect(loop.lateMs(900)).toBeGreaterThan(700);
  } finally {
    loop.stop();
  }
});
