// Consumers in processes of their own, and the store that they share.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Client } from './broker.ts';
import type { Answer, Question } from './consumer-child.ts';
import type { Store } from './store.ts';

export interface ConsumerChild {
  readonly starts: (readonly number[])[];
  readonly outcomes: ('ok' | 'fenced')[];
  maxRss: number;
  readonly process: ChildProcess;
  /** SIGKILL, whatever state it is in. */
  end(): Promise<void>;
}

export interface ChildOptions {
  readonly brokers: string;
  readonly topicPrefix: string;
  readonly client: Client;
  readonly maxBatch?: number;
  readonly delayMs?: number;
  readonly execArgv?: readonly string[];
  /** Asked before each commit, with how many came so far: resolves when it may go on. */
  readonly beforeCommit?: (count: number, child: ConsumerChild) => Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('./consumer-child.ts', import.meta.url));

export function startChild(store: Store, options: ChildOptions): ConsumerChild {
  const { brokers, topicPrefix, client, maxBatch = 500, delayMs = 0, execArgv = [] } = options;
  const child = fork(PROGRAM, [brokers, topicPrefix, client, `${maxBatch}`, `${delayMs}`], { execArgv: [...execArgv] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const end = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  const self: ConsumerChild = { starts: [], outcomes: [], maxRss: 0, process: child, end };
  const answer = (message: Answer): void => void (child.connected && child.send(message, () => undefined));
  let commits = 0;
  child.on('message', async (question: Question) => {
    if (question.ask === 'start') {
      self.starts.push(question.partitions);
      answer({ nr: question.nr, positions: [...store.positions(question.partitions, question.ends)] });
      return;
    }
    self.maxRss = Math.max(self.maxRss, question.rss);
    await options.beforeCommit?.(++commits, self);
    // Who was killed meanwhile never got to its database.
    if (child.signalCode !== null) return;
    const outcome = store.commit(question.batch);
    self.outcomes.push(outcome);
    answer({ nr: question.nr, fenced: outcome === 'fenced' });
  });
  return self;
}
