// One nick of a log as a real client: its own account, its own socket, its steps one after the other through the SDK.
import { type HistoryRecord, recorder } from '@parley/checker';
import { ParleyError } from '@parley/protocol';
import { createParley, type Parley } from '@parley/sdk';

/** A signed-in SDK instance as the history knows it. */
export interface Client {
  readonly parley: Parley;
  readonly user: string;
  /** Its name in the history. */
  readonly client: string;
}

export interface Actor extends Client {
  /** Settle when each line said so far has its result. */
  readonly said: Promise<unknown>[];
  /** Queues a step behind the ones before it. A step that fails for good is told to `onError`; the next one goes on. */
  queue(what: string, step: () => Promise<void>): void;
  /** Settles when all queued steps are done. */
  idle(): Promise<void>;
}

export interface ActorOptions {
  readonly url: string;
  readonly handle: string;
  readonly name: string;
  readonly password: string;
  readonly loadKey: string | undefined;
  readonly record: (record: HistoryRecord) => void;
  readonly onError: (what: string, error: unknown) => void;
}

/** Registers the account; does not connect yet. */
export async function createActor(options: ActorOptions): Promise<Actor> {
  let user = '';
  const recordOf = recorder({ client: options.handle, user: () => user, now: () => performance.now() });
  const parley = createParley({
    url: options.url,
    device: 'replay',
    observe: (saw) => options.record(recordOf(saw)),
    ...(options.loadKey === undefined ? {} : { loadKey: options.loadKey }),
  });
  const tokens = await persist(() => parley.register({ handle: options.handle, name: options.name, password: options.password }));
  user = tokens.user.id;
  let tail: Promise<void> = Promise.resolve();
  return {
    parley,
    user,
    client: options.handle,
    said: [],
    queue(what, step) {
      tail = tail.then(step).catch((error: unknown) => options.onError(`${options.handle} (${what})`, error));
    },
    idle: () => tail,
  };
}

const RETRIES = 60;
const RETRY_MS = 500;

/**
 * Repeats a call that is safe to repeat while the server is away (it is killed on purpose). `already_member` and `not_member` after a
 * retry mean that the earlier try did arrive.
 */
export async function persist<T>(call: () => Promise<T>, arrived: readonly string[] = []): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const code = error instanceof ParleyError ? error.code : 'internal';
      if (attempt > 1 && arrived.includes(code)) return undefined as T;
      if (attempt > RETRIES || !(error instanceof ParleyError) || !error.row.retry) throw error;
      await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs ?? RETRY_MS));
    }
  }
}

/** Resolves when the state satisfies `test`; rejects with `what` after `timeoutMs`. */
export function until(parley: Parley, test: () => boolean, what: string, timeoutMs: number): Promise<void> {
  if (test()) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const done = (finish: () => void): void => {
      clearTimeout(timer);
      stop();
      finish();
    };
    const timer = setTimeout(() => done(() => reject(new Error(`${what}: not within ${timeoutMs / 1000} s`))), timeoutMs);
    const stop = parley.subscribe(() => {
      if (test()) done(resolve);
    });
  });
}
