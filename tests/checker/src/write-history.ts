// Histories on disk: JSON lines, written and read as a stream, so that a run of hours does not have to fit in memory.
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Observation } from '@parley/sdk';
import type { HistoryRecord, ObservationRecord } from './history.ts';

export interface HistoryWriter {
  write(record: HistoryRecord): void;
  /** Resolves when everything is handed to the system. */
  close(): Promise<void>;
  readonly written: number;
}

const BATCH_CHARS = 64 * 1024;

/** Writes to a file, or hands each record to `sink`. */
export function createHistoryWriter(target: string | ((record: HistoryRecord) => void)): HistoryWriter {
  let written = 0;
  if (typeof target === 'function') {
    return {
      write(record) {
        written++;
        target(record);
      },
      close: async () => {},
      get written() {
        return written;
      },
    };
  }
  const file = createWriteStream(target);
  let failed: Error | null = null;
  file.on('error', (error) => {
    failed = error;
  });
  let batch = '';
  return {
    write(record) {
      written++;
      batch += `${JSON.stringify(record)}\n`;
      if (batch.length < BATCH_CHARS) return;
      file.write(batch);
      batch = '';
    },
    async close() {
      file.end(batch);
      batch = '';
      if (failed === null && !file.closed) await once(file, 'close');
      if (failed !== null) throw failed;
    },
    get written() {
      return written;
    },
  };
}

/** Reads a history back, record by record. Throws at a line that is not JSON. */
export async function* readHistory(path: string): AsyncGenerator<HistoryRecord> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) if (line !== '') yield JSON.parse(line) as HistoryRecord;
}

/**
 * Turns what one SDK instance's `observe` says into records. `client` is the name of that instance: a page that was loaded again is
 * another client. `now`: the monotonic ms of the whole history; `user`: a function where the instance signs in only later.
 */
export const recorder =
  (of: { client: string; user: string | (() => string); now: () => number }): ((saw: Observation) => ObservationRecord) =>
  (saw) => ({ t: of.now(), client: of.client, user: typeof of.user === 'string' ? of.user : of.user(), saw });

export type Recorder = (saw: Observation) => void;

export interface Recorders {
  /** The `observe` of one SDK instance; `user` is asked at each observation, because an instance may sign in later. */
  recorder(user: () => string): Recorder;
  /** The name under which the user's (last) instance is in the history. */
  clientOf(user: string): string;
}

/** Recorders of many clients into one history. */
export function createRecorders(into: HistoryRecord[] | Pick<HistoryWriter, 'write'>, now: () => number): Recorders {
  const write = (record: HistoryRecord): void => {
    if (Array.isArray(into)) into.push(record);
    else into.write(record);
  };
  const clients = new Map<string, string>();
  let instances = 0;
  return {
    recorder(user) {
      const client = `c${++instances}`;
      return (saw) => {
        const name = user();
        clients.set(name, client);
        write({ t: now(), client, user: name, saw });
      };
    },
    clientOf: (user) => clients.get(user) ?? user,
  };
}
