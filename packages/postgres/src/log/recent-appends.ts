// What this process appended itself and a consumer has not read yet: handed over from memory, it is not read back from the table. Only an
// unbroken run from the consumer's position is; where anybody else may have appended, or anything is missing, the table is asked.
import type { LogRecord } from '@parley/ports';

/** Of one consumer. More is read from the table. */
const MAX_RECORDS = 5_000;
const MAX_BYTES = 8 * 1024 * 1024;

export class RecentAppends {
  private readonly runs = new Map<number, LogRecord[]>();
  private records = 0;
  private bytes = 0;
  private unknown = true;

  /** The table may hold what is not here: the next read must ask it. */
  doubt(): void {
    this.unknown = true;
  }

  /** Durable now, in the order of their offsets. */
  add(appended: readonly LogRecord[]): void {
    for (const record of appended) {
      const run = this.runs.get(record.partition);
      if (run === undefined) continue;
      if (!Number.isSafeInteger(record.offset)) {
        this.doubt();
        continue;
      }
      // Somebody else's record lies between: what is before the hole is of no use.
      if (run.length > 0 && run.at(-1)?.offset !== record.offset - 1) this.let(run, run.length);
      run.push(record);
      this.records += 1;
      this.bytes += record.value.byteLength;
    }
    if (this.records <= MAX_RECORDS && this.bytes <= MAX_BYTES) return;
    for (const run of this.runs.values()) this.let(run, run.length);
    this.doubt();
  }

  /** Everything at and after these positions, up to `limit`, each partition's in order; null: the table must be asked. */
  read(positions: ReadonlyMap<number, number>, limit: number): readonly LogRecord[] | null {
    this.follow(positions);
    const known: LogRecord[][] = [];
    for (const [partition, position] of positions) {
      const run = this.runs.get(partition) ?? [];
      const read = run.findIndex(({ offset }) => offset >= position);
      this.let(run, read < 0 ? run.length : read);
      if (run.length === 0) continue;
      if (run[0]?.offset !== position) this.doubt();
      known.push(run);
    }
    if (this.unknown) return null;
    const counts = shares(known, limit);
    return known.flatMap((run, i) => run.slice(0, counts[i]));
  }

  /** The table is being asked: what is appended by others from now on is told by `doubt`. */
  asking(): void {
    this.unknown = false;
  }

  private follow(positions: ReadonlyMap<number, number>): void {
    for (const partition of positions.keys()) {
      if (this.runs.has(partition)) continue;
      this.runs.set(partition, []);
      this.doubt();
    }
    if (this.runs.size === positions.size) return;
    for (const [partition, run] of this.runs) {
      if (positions.has(partition)) continue;
      this.let(run, run.length);
      this.runs.delete(partition);
    }
  }

  private let(run: LogRecord[], count: number): void {
    if (count === 0) return;
    for (const { value } of run.splice(0, count)) this.bytes -= value.byteLength;
    this.records -= count;
  }
}

/** How many of each run, `limit` in all: by turns, so that a busy partition does not starve the others. */
function shares(runs: readonly (readonly unknown[])[], limit: number): number[] {
  const counts = runs.map(({ length }) => length);
  let over = counts.reduce((sum, count) => sum + count, 0) - limit;
  for (; over > 0; over--) {
    const longest = counts.indexOf(Math.max(...counts));
    counts[longest] = (counts[longest] ?? 0) - 1;
  }
  return counts;
}
