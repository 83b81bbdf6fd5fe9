// Carries the outbox into the log, in the order in which each room's changes were made. At least once: what was appended but not
// marked goes again, from the oldest on, so a reader who drops known numbers sees no gap and no reordering.
import type { Clock, EventLog } from '@parley/ports';
import { encodeRecord, partitionOf, TOPICS } from '@parley/protocol';
import type { Logger } from '@parley/runtime';
import type { Outbox, OutboxRow } from '../store/outbox.ts';
import type { RelayLease } from './relay-lease.ts';

export interface Relay {
  start(): void;
  /** Resolves after the batch in hand. */
  stop(): Promise<void>;
  /** There is something new. */
  wake(): void;
  /** What is wrong now; null: nothing. */
  problem(): string | null;
}

export interface RelayDeps {
  readonly outbox: Outbox;
  readonly lease: RelayLease;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
}

const BATCH = 500;
/** A wake can be lost with the process that committed: look by yourself this often. */
const POLL_MS = 1_000;
const BACK_OFF_MAX_MS = 5_000;

export function createRelay({ outbox, lease, log, clock, logger }: RelayDeps): Relay {
  const bell = createBell(clock);
  let partitions: number | null = null;
  let problem: string | null = null;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();

  const append = async (rows: readonly OutboxRow[]): Promise<void> => {
    partitions ??= (await log.ends(TOPICS.roomCommand)).partitions.length;
    const count = partitions;
    await log.append(
      TOPICS.roomCommand,
      rows.map((row) => ({ partition: partitionOf(row.room, count), key: row.room, value: encodeRecord(row.command) })),
    );
  };

  /** Answers whether there may be more. */
  const relayOnce = async (): Promise<boolean> => {
    if (!(await lease.hold())) return false;
    const rows = await outbox.unrelayed(BATCH);
    if (rows.length === 0) return false;
    await append(rows);
    await outbox.markRelayed(rows);
    return true;
  };

  const run = async (): Promise<void> => {
    let failures = 0;
    while (!stopped) {
      try {
        const more = await relayOnce();
        failures = 0;
        problem = null;
        if (!more) await bell.wait(POLL_MS);
      } catch (error) {
        failures++;
        problem = 'changes of rooms do not reach the log';
        if (failures === 1) logger.warn({ err: error }, problem);
        // No wake cuts this short: the log or the database needs the pause.
        await bell.pause(Math.min(BACK_OFF_MAX_MS, 50 * 2 ** failures));
      }
    }
  };

  return {
    start() {
      running = run();
    },
    async stop() {
      stopped = true;
      bell.ring(true);
      await running;
      await lease.release();
    },
    wake: () => bell.ring(false),
    problem: () => problem,
  };
}

interface Bell {
  /** `last`: everybody wakes, for ever. */
  ring(last: boolean): void;
  /** Resolves at the next ring, or at once when it rang since the last wait, or after `ms`. */
  wait(ms: number): Promise<void>;
  /** Resolves after `ms`; only the last ring ends it sooner. */
  pause(ms: number): Promise<void>;
}

function createBell(clock: Clock): Bell {
  let rung = false;
  let over = false;
  let answer: ((last: boolean) => void) | null = null;
  const until = (ms: number, endsBy: (last: boolean) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        answer = null;
        resolve();
      };
      const timer = clock.after(ms, end);
      answer = (last) => {
        if (endsBy(last)) end();
      };
    });
  return {
    ring(last) {
      rung = true;
      over ||= last;
      answer?.(over);
    },
    async wait(ms) {
      if (!rung && !over) await until(ms, () => true);
      rung = false;
    },
    pause: (ms) => (over ? Promise.resolve() : until(ms, (last) => last)),
  };
}
