// A consumer in a process of its own, to be killed or stopped: its store is the test's, asked over the process' channel.
// Usage: fork(this, [brokers, topicPrefix, client, maxBatch, delayMs])
import { Fenced, type LogEnds, systemClock } from '@parley/ports';
import { type Client, connect } from './broker.ts';
import { commitOf } from './store.ts';

export type Question =
  | { readonly nr: number; readonly ask: 'start'; readonly partitions: readonly number[]; readonly ends: LogEnds }
  | { readonly nr: number; readonly ask: 'commit'; readonly batch: ReturnType<typeof commitOf>; readonly rss: number };
export interface Answer {
  readonly nr: number;
  readonly fenced?: boolean;
  readonly positions?: readonly (readonly [number, number])[];
}
type Asked<T> = T extends unknown ? Omit<T, 'nr'> : never;

const [brokers = '', topicPrefix = '', client = '', maxBatch = '', delayMs = ''] = process.argv.slice(2);
const waiting = new Map<number, (answer: Answer) => void>();
let count = 0;
const ask = (question: Asked<Question>): Promise<Answer> =>
  new Promise((resolve) => {
    const nr = ++count;
    waiting.set(nr, resolve);
    process.send?.({ ...question, nr });
  });
process.on('message', (answer: Answer) => {
  waiting.get(answer.nr)?.(answer);
  waiting.delete(answer.nr);
});
process.on('disconnect', () => process.exit(0));

const log = connect(brokers, topicPrefix, client as Client);
await log.consume('four', {
  group: 'g',
  maxBatch: Number(maxBatch),
  start: async (partitions, ends) => new Map((await ask({ ask: 'start', partitions, ends })).positions ?? []),
  handle: async (records) => {
    if (Number(delayMs) > 0) await systemClock.sleep(Number(delayMs));
    const { fenced } = await ask({ ask: 'commit', batch: commitOf(records), rss: process.memoryUsage.rss() });
    if (fenced === true) throw new Fenced('another owner');
  },
});
