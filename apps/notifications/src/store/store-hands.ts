// Who has a job in hand. Of those who were handed the same job at once, one does it; who died with it gives it up after a short while.
import { type Database, orUnavailable } from './store-database.ts';

const NOBODY = '00000000-0000-0000-0000-000000000000';

export type HandStore = ReturnType<typeof createHandStore>;

export const createHandStore = (db: Database) => ({
  /** `done`: nothing is left to do; `busy`: somebody else has it. */
  take: (job: string, holder: string, nowMs: number, untilMs: number): Promise<'taken' | 'busy' | 'done'> =>
    orUnavailable(async () => {
      const taken = await db.$executeRaw`
        INSERT INTO hand AS h (job, holder, until_ms) VALUES (${job}, ${holder}::uuid, ${untilMs}::bigint)
        ON CONFLICT (job) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms WHERE NOT h.done AND h.until_ms <= ${nowMs}::bigint`;
      if (taken === 1) return 'taken';
      return (await db.hand.findUnique({ where: { job } }))?.done === true ? 'done' : 'busy';
    }),
  keep: (job: string, holder: string, untilMs: number): Promise<void> =>
    orUnavailable(async () => {
      await db.hand.updateMany({ where: { job, holder, done: false }, data: { untilMs: BigInt(untilMs) } });
    }),
  /** `done`: for good. Else whoever is next may have it at `untilMs`. */
  letGo: (job: string, holder: string, untilMs: number, done: boolean): Promise<void> =>
    orUnavailable(async () => {
      await db.hand.updateMany({ where: { job, holder }, data: { untilMs: BigInt(untilMs), done } });
    }),
  /** True for whoever says this first. */
  first: (what: string, nowMs: number): Promise<boolean> =>
    orUnavailable(async () => {
      const { count } = await db.hand.createMany({ data: [{ job: what, holder: NOBODY, untilMs: BigInt(nowMs), done: true }], skipDuplicates: true });
      return count === 1;
    }),
  /** Nobody hands these out any more. */
  forgetHandsBefore: (untilMs: number): Promise<void> =>
    orUnavailable(async () => {
      await db.hand.deleteMany({ where: { untilMs: { lt: BigInt(untilMs) } } });
    }),
});
