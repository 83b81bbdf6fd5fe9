// What is done with a batch whose data the database refuses. It must never set a record aside that could be stored, nor jump over one.
import type { LogRecord } from '@parley/ports';
import { decodeInputs, type Input, poisonInput } from '../decide/decode.ts';
import { DataError } from '../store/store.ts';

export interface RefusedDeps {
  readonly partitionCount: () => number;
  /** Decides these on what is loaded anew, all of it, and writes them; nothing else is under way. */
  readonly write: (inputs: readonly Input[]) => Promise<void>;
}

/** Answers what writes the records in another way, or throws what stopped it. */
export function writeRefused({ partitionCount, write }: RefusedDeps): (records: readonly LogRecord[], error: unknown) => Promise<void> {
  const writeRecords = (records: readonly LogRecord[]): Promise<void> => write(decodeInputs(records, partitionCount()));

  /** It may be a client id that has its result already, of which we did not know: decided again, knowing all. */
  async function again(records: readonly LogRecord[], error: unknown): Promise<void> {
    if (!(error instanceof DataError)) throw error;
    await writeRecords(records).catch((refused: unknown) => halved(records, refused));
  }

  /** Halved until the one record is found; that one gets a stored rejection and a dead letter. */
  async function halved(records: readonly LogRecord[], error: unknown): Promise<void> {
    if (!(error instanceof DataError)) throw error;
    const half = records.length >> 1;
    if (half === 0) return poison(records, error);
    for (const part of [records.slice(0, half), records.slice(half)]) await writeRecords(part).catch((refused: unknown) => halved(part, refused));
  }

  async function poison(records: readonly LogRecord[], error: DataError): Promise<void> {
    if (decodeInputs(records, partitionCount()).some((input) => input.kind === 'poison')) throw error;
    await write(records.map((record) => poisonInput(record, partitionCount(), `the database refused it: ${error.message}`)));
  }

  return again;
}
