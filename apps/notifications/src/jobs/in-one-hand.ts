// A queue may hand a job out more than once, also to two workers at once. What reaches the world outside is done in one hand: the others come
// again later, and find it done. Only who died between the effect and its row repeats it, under the same id.
import type { Clock, JobAttempt, Rng } from '@parley/ports';
import type { Logger } from '@parley/runtime';
import type { HandStore } from '../store/store-hands.ts';
import type { Note } from './follow-job.ts';

export interface OneHandDeps {
  readonly hands: HandStore;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
}

/** Who dies with a job in hand holds the others up for this long. */
const HAND_MS = 10_000;

export interface Work {
  /** Jobs of the same name are one piece of work. */
  readonly nameOf: (job: JobAttempt) => string;
  /** After the first success nothing of this name is done again. False: the handler's own rows say what is left to do. */
  readonly onceForAll: boolean;
}

/** Throws when somebody else has it in hand: it comes again. */
export const inOneHand =
  ({ hands, clock, rng, logger }: OneHandDeps, { nameOf, onceForAll }: Work, handle: (job: JobAttempt, note: Note) => Promise<void>) =>
  async (job: JobAttempt, note: Note): Promise<void> => {
    const [name, holder] = [nameOf(job), rng.id()];
    const taken = await hands.take(name, holder, clock.now(), clock.now() + HAND_MS);
    if (taken === 'done') return;
    if (taken === 'busy') throw new Error('another worker has this job in hand');
    const keeping = clock.every(HAND_MS / 3, () => {
      hands.keep(name, holder, clock.now() + HAND_MS).catch((error: unknown) => logger.debug({ err: error }, 'a job in hand could not be kept'));
    });
    try {
      await handle(job, note);
      keeping.cancel();
      await hands.letGo(name, holder, clock.now(), onceForAll);
    } catch (error) {
      keeping.cancel();
      // Else the next try would wait for a hand that holds nothing.
      await hands.letGo(name, holder, clock.now(), false).catch(() => undefined);
      throw error;
    }
  };
