// What the primary and a worker say to each other, and how the primary sees one worker: it answers in time, or it counts as deaf.
// It decides nothing about when workers come and go.
import type { Clock } from '@parley/ports';
import type { SheddingView } from '../load/ladder.ts';
import type { DearRoom } from '../load/room-costs.ts';

export type ToWorker = { readonly do: 'drain' } | { readonly ask: Question; readonly id: number };
export type FromWorker = { readonly tell: 'ready' } | { readonly answer: number; readonly value: unknown };
export type Question = 'status' | 'metrics';

/** What a worker says of itself. */
export interface WorkerStatus {
  readonly sockets: number;
  readonly users: number;
  readonly rooms: number;
  readonly problems: readonly string[];
  /** What it leaves out now, and why. */
  readonly shedding?: SheddingView;
  /** The rooms that cost it most in the last minute. */
  readonly dearRooms?: readonly DearRoom[];
}

export interface WorkerExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A child process of `node:cluster`, or what stands for it in a test. */
export interface Forked {
  readonly pid: number;
  send(message: ToWorker): void;
  kill(signal: 'SIGKILL'): void;
  onMessage(listener: (message: FromWorker) => void): void;
  onExit(listener: (exit: WorkerExit) => void): void;
}

export interface WorkerLink {
  readonly pid: number;
  /** Monotonic ms of its start. */
  readonly since: number;
  readonly state: 'starting' | 'ready' | 'draining' | 'gone';
  /** What it said last; null: nothing yet. */
  readonly status: WorkerStatus | null;
  /** Questions in a row that were not answered. */
  readonly deaf: number;
  /** true: it serves. false: it ended before it did. */
  readonly ready: Promise<boolean>;
  readonly exited: Promise<WorkerExit>;
  /** null: no answer in time. */
  ask(question: Question): Promise<unknown>;
  drain(): void;
  kill(): void;
}

const ANSWER_MS = 1_500;

export function linkWorker(child: Forked, clock: Clock): WorkerLink {
  const waiting = new Map<number, (value: unknown) => void>();
  const link = { state: 'starting' as WorkerLink['state'], status: null as WorkerStatus | null, deaf: 0 };
  const ready = Promise.withResolvers<boolean>();
  const exited = Promise.withResolvers<WorkerExit>();
  let asked = 0;

  child.onMessage((message) => {
    if ('answer' in message) return waiting.get(message.answer)?.(message.value);
    if (link.state === 'starting') link.state = 'ready';
    ready.resolve(true);
  });
  child.onExit((exit) => {
    link.state = 'gone';
    ready.resolve(false);
    exited.resolve(exit);
    for (const answer of [...waiting.values()]) answer(null);
  });

  const ask = (question: Question): Promise<unknown> =>
    new Promise((resolve) => {
      if (link.state === 'gone') return resolve(null);
      const id = ++asked;
      const end = (value: unknown): void => {
        timer.cancel();
        waiting.delete(id);
        link.deaf = value === null ? link.deaf + 1 : 0;
        if (question === 'status' && value !== null) link.status = value as WorkerStatus;
        resolve(value);
      };
      const timer = clock.after(ANSWER_MS, () => end(null));
      waiting.set(id, end);
      child.send({ ask: question, id });
    });

  return {
    pid: child.pid,
    since: clock.monotonic(),
    get state() {
      return link.state;
    },
    get status() {
      return link.status;
    },
    get deaf() {
      return link.deaf;
    },
    ready: ready.promise,
    exited: exited.promise,
    ask,
    drain() {
      if (link.state === 'gone') return;
      link.state = 'draining';
      child.send({ do: 'drain' });
    },
    kill: () => child.kill('SIGKILL'),
  };
}
