// What a suite asks of the adapter under test besides the port itself.
import { vi } from 'vitest';

export interface World<Port> {
  readonly port: Port;
  /** Lets this much of the adapter's time pass: a manual clock moves, a real store waits. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Until the check does not throw any more, letting the adapter's time pass between looks. */
export const eventually = (world: World<unknown>, check: () => void | Promise<void>, stepMs = 100): Promise<void> =>
  vi.waitFor(
    async () => {
      await world.advance(stepMs);
      await check();
    },
    { timeout: 10_000, interval: 2 },
  );
