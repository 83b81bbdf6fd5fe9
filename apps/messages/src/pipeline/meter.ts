// What is counted of batches: how large they are, how long a commit takes, what comes of commands, and how much is committed and not told yet.
import type { Clock } from '@parley/ports';
import type { Metrics } from '@parley/runtime';
import type { Decided } from '../decide/batch.ts';

const COMMIT_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const COMMANDS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000];

/** Begins to measure a batch; the answer ends it: null when it was not written. Without metrics it does nothing. */
export function meterBatches(
  metrics: Metrics | undefined,
  clock: Clock,
  untold: Readonly<Record<'feed' | 'log', { untold(): number }>>,
): (commands: number) => (decided: Decided | null) => void {
  if (metrics === undefined) return () => () => {};
  const seconds = metrics.histogram('parley_messages_commit_seconds', 'Time of one batch in the database.', COMMIT_S, ['outcome']);
  const sizes = metrics.histogram('parley_messages_batch_commands', 'Commands in one batch.', COMMANDS);
  const decisions = metrics.counter(
    'parley_messages_decided_total',
    'Commands by what came of them: event, rejected, or repeated (and what rooms sent again).',
    ['outcome'],
  );
  const dead = metrics.counter('parley_messages_dead_letters_total', 'Commands that could not be decided: parley log dead.');
  metrics.watch('parley_messages_untold_events', 'Events that are committed and not handed on yet: to the feed, and to the log.', ['to'], () =>
    Object.entries(untold).map(([to, follower]) => ({ value: follower.untold(), labels: { to } })),
  );
  return (commands) => {
    const began = clock.monotonic();
    return (decided) => {
      seconds.observe({ outcome: decided === null ? 'failed' : 'written' }, (clock.monotonic() - began) / 1_000);
      if (decided === null) return;
      sizes.observe(commands);
      const { events, results, deadLetters } = decided.rows;
      decisions.inc({ outcome: 'event' }, events.length);
      decisions.inc({ outcome: 'rejected' }, results.length);
      decisions.inc({ outcome: 'repeated' }, Math.max(0, commands - events.length - results.length));
      dead.inc(deadLetters.length);
    };
  };
}
