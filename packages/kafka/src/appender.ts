// Appends: those of a tick become one request to each leader, one produce is in flight for each partition, and what waits behind a failed one
// fails with it. So a key's entries keep their order whatever happens, and nobody waits longer than the deadline.
import { type Clock, type LogEntry, LogUnavailable } from '@parley/ports';
import type { Producer } from './client.ts';
import type { Cluster } from './wire/cluster.ts';

export interface Appender {
  /** `logId`: a topic that is another log by now takes nothing. */
  append(topic: string, logId: string, entries: readonly LogEntry[]): Promise<void>;
  /** Sentences: topics that are other logs than they were. */
  problems(): readonly string[];
  /** Sends what is queued, then lets go. */
  close(): Promise<void>;
}

/** One append's entries of one partition. */
interface Piece {
  readonly entries: LogEntry[];
  bytes: number;
  readonly deadline: number;
  readonly done: (error: LogUnavailable | null) => void;
}

interface LogName {
  readonly topic: string;
  readonly logId: string;
}

interface Line extends LogName {
  readonly partition: number;
  queue: Piece[];
  busy: boolean;
}

interface Shipment {
  readonly line: Line;
  readonly pieces: readonly Piece[];
}

const DEADLINE_MS = 4_000;
/** Below a broker's usual limit of 1 MB for a request's part of one partition. */
const MAX_BYTES = 900_000;
/** More than can be written within the deadline: refused at once. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
const RETRY_MS = 50;
const RECORD_BYTES = 100;

export function createAppender({ cluster, producer, clock }: { cluster: Cluster; producer: Producer; clock: Clock }): Appender {
  const lines = new Map<string, Line>();
  const others = new Map<string, string>();
  const flushing = new Set<Promise<void>>();
  let queuedBytes = 0;
  let waiting = new Set<Line>();
  let scheduled = false;
  let closed = false;

  const schedule = (line: Line): void => {
    if (line.busy) return;
    waiting.add(line);
    if (scheduled) return;
    scheduled = true;
    // What is appended in one tick goes together.
    process.nextTick(flush);
  };
  const flush = (): void => {
    scheduled = false;
    const ready = [...waiting].filter((line) => !line.busy && line.queue.length > 0);
    waiting = new Set();
    for (const ofTopic of Map.groupBy(ready, (line) => line.topic).values()) {
      const { topic, logId } = ofTopic[0]!;
      const shipments = ofTopic.map((line): Shipment => ({ line, pieces: takePieces(line) }));
      for (const { line } of shipments) line.busy = true;
      const sent = ship({ topic, logId }, shipments).finally(() => flushing.delete(sent));
      flushing.add(sent);
    }
  };
  /** By leader: a broker that is away must not hold up what another one can take. */
  const ship = async (log: LogName, shipments: readonly Shipment[]): Promise<void> => {
    let open = shipments;
    for (let attempt = 0; open.length > 0; attempt++) {
      const late = open.filter(({ pieces }) => pieces[0]!.deadline <= clock.monotonic());
      for (const one of late) settle(one, new LogUnavailable(`The log did not take it in ${DEADLINE_MS} ms.`));
      open = open.filter((one) => !late.includes(one));
      if (open.length === 0) return;
      if (attempt > 0) await clock.sleep(RETRY_MS);
      open = await shipOnce(log, open);
    }
  };
  /** What must be tried again. */
  const shipOnce = async (log: LogName, shipments: readonly Shipment[]): Promise<readonly Shipment[]> => {
    const deadline = Math.min(...shipments.map(({ pieces }) => pieces[0]!.deadline));
    try {
      const { id, leaders } = await within(deadline, () => cluster.topic(log.topic));
      if (id !== log.logId) {
        const why = `${log.topic} is another log now (${id}, not ${log.logId}): nothing is sent to it before a restart`;
        others.set(log.topic, why);
        for (const one of shipments) settle(one, new LogUnavailable(why));
        return [];
      }
      others.delete(log.topic);
      const byLeader = Map.groupBy(shipments, ({ line }) => leaders[line.partition] ?? -1);
      const again = await Promise.all([...byLeader].map(([node, group]) => (node === -1 ? group : shipTo(log, node, group))));
      if (again.flat().length > 0) cluster.forget();
      return again.flat();
    } catch {
      return shipments;
    }
  };
  const shipTo = async (log: LogName, node: number, group: readonly Shipment[]): Promise<readonly Shipment[]> => {
    const deadline = Math.min(...group.map(({ pieces }) => pieces[0]!.deadline));
    const entries = group.flatMap(({ pieces }) => pieces.flatMap((piece) => piece.entries));
    try {
      const left = Math.max(1, deadline - clock.monotonic());
      const refused = await within(deadline, () => producer.send({ ...log, node, entries }, left));
      const again = group.filter(({ line }) => refused.has(line.partition));
      for (const one of group) if (!again.includes(one)) settle(one, null);
      return again;
    } catch {
      return group;
    }
  };
  const settle = ({ line, pieces }: Shipment, error: LogUnavailable | null): void => {
    const behind = error === null ? [] : line.queue.splice(0);
    line.busy = false;
    for (const piece of [...pieces, ...behind]) {
      queuedBytes -= piece.bytes;
      piece.done(error);
    }
    if (line.queue.length > 0) schedule(line);
  };
  /** The work must not be done later than its callers were told that it is unknown. */
  const within = <T>(deadline: number, work: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const timer = clock.after(Math.max(1, deadline - clock.monotonic()), () => {
        producer.abandon();
        reject(new Error('too late'));
      });
      work()
        .then(resolve, reject)
        .finally(() => timer.cancel());
    });

  return {
    append: async (topic, logId, entries) => {
      if (closed) throw new LogUnavailable('The log is closed.');
      if (queuedBytes > MAX_QUEUED_BYTES) throw new LogUnavailable('Too much waits for the log.');
      const deadline = clock.monotonic() + DEADLINE_MS;
      const pieces = [...Map.groupBy(entries, (entry) => entry.partition)].map(
        ([partition, own]) =>
          new Promise<LogUnavailable | null>((done) => {
            const key = `${topic}/${partition}`;
            const line = lines.get(key) ?? { topic, logId, partition, queue: [], busy: false };
            lines.set(key, line);
            const bytes = own.reduce((sum, entry) => sum + entry.value.byteLength + entry.key.length + RECORD_BYTES, 0);
            queuedBytes += bytes;
            line.queue.push({ entries: own, bytes, deadline, done });
            schedule(line);
          }),
      );
      const failed = (await Promise.all(pieces)).find((error) => error !== null);
      if (failed != null) throw failed;
    },
    problems: () => [...others.values()],
    close: async () => {
      closed = true;
      while (scheduled || flushing.size > 0) await (flushing.size > 0 ? Promise.all(flushing) : clock.sleep(1));
      await producer.close();
    },
  };
}

/** The next request's share of this partition: at least one append, however large. */
function takePieces(line: Line): Piece[] {
  let [count, bytes] = [0, 0];
  for (const piece of line.queue) {
    bytes += piece.bytes;
    if (count > 0 && bytes > MAX_BYTES) break;
    count++;
  }
  return line.queue.splice(0, count);
}
