// One incarnation of a process: it can stop dead, or stand still and go on (a zombie). Everything that a service under test touches goes
// through it, so that a dead process does nothing more: its timers are gone and what it waits for never comes.
import type { Clock, Timer } from '@parley/ports';

export interface Life {
  readonly name: string;
  readonly clock: Clock;
  alive(): boolean;
  kill(): void;
  /** SIGSTOP: nothing moves until `resume`; the world around it goes on. */
  pause(): void;
  resume(): void;
  /** Runs when it dies. */
  onKill(callback: () => void): void;
  /** Does outside what the process asked for, and gives it the answer if it still lives when that comes. */
  ask<T>(outside: () => Promise<T>): Promise<T>;
  /** Runs a callback inside the process: at once, after a stand-still, or never. */
  inside(callback: () => void): void;
}

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

export function createLife(name: string, clock: Clock): Life {
  let state: 'running' | 'paused' | 'dead' = 'running';
  let waiting: (() => void)[] = [];
  const timers = new Set<Timer>();
  const undertakers: (() => void)[] = [];

  const inside = (callback: () => void): void => {
    if (state === 'running') callback();
    else if (state === 'paused') waiting.push(callback);
  };
  const guarded = (start: (run: () => void) => Timer, once: boolean, callback: () => void): Timer => {
    const timer = start(() => {
      if (once) timers.delete(timer);
      inside(callback);
    });
    timers.add(timer);
    return {
      cancel: () => {
        timers.delete(timer);
        timer.cancel();
      },
    };
  };
  const after = (ms: number, callback: () => void): Timer => guarded((run) => clock.after(ms, run), true, callback);
  return {
    name,
    clock: {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after,
      every: (ms, callback) => guarded((run) => clock.every(ms, run), false, callback),
      sleep: (ms) => new Promise((resolve) => after(ms, resolve)),
    },
    alive: () => state !== 'dead',
    kill() {
      if (state === 'dead') return;
      state = 'dead';
      waiting = [];
      for (const timer of timers) timer.cancel();
      timers.clear();
      for (const bury of undertakers) bury();
    },
    pause() {
      if (state === 'running') state = 'paused';
    },
    resume() {
      if (state !== 'paused') return;
      state = 'running';
      const ready = waiting;
      waiting = [];
      for (const callback of ready) inside(callback);
    },
    onKill: (callback) => void undertakers.push(callback),
    ask: <T>(outside: () => Promise<T>): Promise<T> =>
      state === 'dead'
        ? never<T>()
        : new Promise<T>((resolve, reject) => {
            outside().then(
              (value) => inside(() => resolve(value)),
              (error: unknown) => inside(() => reject(error)),
            );
          }),
    inside,
  };
}
