// Consumes `room.command`: one batch over all partitions is loaded, decided and written, with the offsets in the same transaction, and the
// next is decided meanwhile. It is the only writer of what it writes; a second one is fenced by the compare-and-set. It must never jump
// over a record.
import { type Clock, type EventLog, Fenced, type LogEnds, type LogRecord, OffsetOutOfRange } from '@parley/ports';
import { TOPICS } from '@parley/protocol';
import { type InternalClient, type Logger, type Metrics, NO_TRACING, type Tracing } from '@parley/runtime';
import type { Decided } from './decide/batch.ts';
import { decodeInputs, type Input } from './decide/decode.ts';
import { createGaps } from './gaps.ts';
import { keepConsuming } from './keep-consuming.ts';
import { createDeadLetters } from './pipeline/dead-letters.ts';
import { beginCommit, type FollowedCommits } from './pipeline/followed.ts';
import { meterBatches } from './pipeline/meter.ts';
import { chunksOf, pipeline } from './pipeline/pipeline.ts';
import { type Prepared, prepareBatch } from './pipeline/prepare.ts';
import { writeRefused } from './pipeline/refused.ts';
import { createRoomMemory, type MemoryOptions } from './pipeline/room-memory.ts';
import type { Publisher } from './publisher.ts';
import type { Relay } from './relay.ts';
import type { PartitionWrite } from './store/batch-write.ts';
import type { LogPosition, Store } from './store/store.ts';

export interface WorkerDeps {
  readonly store: Store;
  readonly log: EventLog;
  readonly publisher: Publisher;
  readonly relay: Relay;
  readonly internal?: InternalClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: nothing is followed. */
  readonly tracing?: Tracing;
  readonly metrics?: Metrics | undefined;
  /** Who tells of what is committed goes on with its trace. */
  readonly followed?: readonly FollowedCommits[];
  /** Commands decided and written at once, about: what the log hands over is cut into equal parts of nearly this. */
  readonly batchSize?: number;
  readonly memory?: MemoryOptions | undefined;
}

export interface Worker {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Writes how far events are told and relayed; else the next commit does. */
  savePositions(): Promise<void>;
  problems(): readonly string[];
}

const TOPIC = TOPICS.roomCommand;
/** As long as a gap is there, rooms is asked again this often: the first call may have been lost. */
const RESEND_MS = 5_000;
const START_BACKOFF_MS = 50;
const START_BACKOFF_MAX_MS = 2_000;
/** A batch that fails and fails is told of again after so many tries, some twenty seconds. */
const TELL_EVERY = 10;
/** Larger ones touch each room and person fewer times, smaller ones overlap better: docs/decisions/0006. */
const BATCH = 250;
/** What the log hands over at once, when so much waits: the more, the fewer batches begin with nothing to overlap with. */
const MAX_RECORDS = 1_000;

export function createWorker({ store, log, publisher, relay, internal, clock, logger, batchSize = BATCH, ...rest }: WorkerDeps): Worker {
  const { tracing = NO_TRACING, followed = [], metrics } = rest;
  const meter = meterBatches(metrics, clock, { feed: publisher, log: relay });
  let logId = '';
  let partitionCount = 0;
  let places = new Map<number, { next: number; pos: number }>();
  let stopping = false;
  let memory = createRoomMemory(rest.memory);
  /** Failures in a row of the batch in hand. */
  let failures = 0;
  const gaps = createGaps(internal, logger);
  const toldOf = (partition: number) => ({ partition, published: publisher.done(partition), relayed: relay.done(partition) });
  const deadLetters = createDeadLetters({ log, clock, logger });

  /** What is kept of the rooms may not be so: decided by another owner, or by us in a batch that was not written. */
  function forget(): void {
    memory = memory.fresh();
  }

  async function startAt(partitions: readonly number[], ends: LogEnds): Promise<ReadonlyMap<number, number>> {
    places = new Map();
    forget();
    const known = await askPositions(partitions, ends);
    logId = ends.logId;
    partitionCount = ends.partitions.length;
    places = new Map(known.map(({ partition, next, pos }) => [partition, { next, pos }]));
    publisher.takeOver(known.map(({ partition, published, pos }) => ({ partition, done: published, target: pos })));
    relay.takeOver(known.map(({ partition, relayed, pos }) => ({ partition, done: relayed, target: pos })));
    return new Map(known.map(({ partition, next }) => [partition, next]));
  }

  /** What `start` throws ends the consumer, so a database that is away for a moment is asked again; only what does not fit the log may stop us. */
  async function askPositions(partitions: readonly number[], ends: LogEnds): Promise<readonly LogPosition[]> {
    for (let failures = 1; ; failures++) {
      try {
        return await knownPositions(store, log, partitions, ends);
      } catch (error) {
        if (error instanceof OffsetOutOfRange || stopping) throw error;
        logger.warn({ err: error, failures }, 'the positions could not be read; asked again');
        await clock.sleep(Math.min(START_BACKOFF_MS * 2 ** Math.min(failures, 10), START_BACKOFF_MAX_MS));
      }
    }
  }

  async function handle(records: readonly LogRecord[]): Promise<void> {
    const fresh = records.filter((record) => record.offset >= (places.get(record.partition)?.next ?? Number.POSITIVE_INFINITY));
    memory.trim();
    try {
      await pipeline(chunksOf(fresh, batchSize), prepare, commit, refused);
      failures = 0;
    } catch (error) {
      forget();
      if (error instanceof Fenced) throw error;
      // The same batch comes again for as long as it takes; nobody's command is decided meanwhile, so this must not happen in silence.
      failures += 1;
      if (failures === 1 || failures % TELL_EVERY === 0)
        logger.error({ err: error, failures, records: fresh.length }, 'commands could not be decided; tried again');
      throw error;
    }
  }

  async function writeAlone(inputs: readonly Input[]): Promise<void> {
    forget();
    await commit(await decideInputs(inputs, null));
  }
  const refused = writeRefused({ partitionCount: () => partitionCount, write: writeAlone });

  function decideInputs(inputs: readonly Input[], before: Prepared | null): Promise<Prepared> {
    const written = (): ReadonlyMap<number, number> => new Map([...places].map(([partition, { pos }]) => [partition, pos]));
    return prepareBatch(store, inputs, { memory, before, written, tracing });
  }
  const prepare = async (records: readonly LogRecord[], before: Prepared | null) => decideInputs(decodeInputs(records, partitionCount), before);

  /** Never two at once: the next begins when this has returned, so batches are written and told in order. */
  async function commit({ inputs, decided, followed: commands }: Prepared): Promise<void> {
    await deadLetters.tell(inputs, logId);
    const partitions = partitionWrites(inputs, decided);
    const endMeter = meter(inputs.length);
    const endCommit = beginCommit(tracing, commands, inputs.length, followed);
    const outcome = await store.commit({ topic: TOPIC, logId, partitions, ...decided.rows }).catch((error: unknown) => {
      endCommit(null);
      endMeter(null);
      throw error;
    });
    if (outcome.status === 'fenced') {
      endCommit(null);
      endMeter(null);
      places = new Map();
      throw new Fenced('Another owner has committed: these partitions are not ours any more.');
    }
    endCommit(decided);
    endMeter(decided);
    for (const { partition, next, pos } of partitions) places.set(partition, { next, pos });
    const upTo = new Map(partitions.map(({ partition, pos }) => [partition, pos]));
    const events = decided.events();
    publisher.push(events, { users: outcome.users, answers: decided.answers }, upTo);
    if (events.length > 0) relay.push(events, null, upTo);
    report(decided);
  }

  function partitionWrites(inputs: readonly Input[], decided: Decided): PartitionWrite[] {
    const next = new Map<number, number>();
    for (const { record } of inputs) next.set(record.partition, record.offset + 1);
    return [...next].map(([partition, to]) => ({
      partition,
      expected: places.get(partition)?.next ?? -1,
      next: to,
      pos: decided.pos.get(partition) ?? 0,
      published: publisher.done(partition),
      relayed: relay.done(partition),
    }));
  }

  function report(decided: Decided): void {
    gaps.note(decided);
    for (const letter of decided.rows.deadLetters) {
      logger.error({ partition: letter.partition, offset: letter.offset }, 'a command could not be decided and was set aside as a dead letter');
    }
  }

  function problems(): readonly string[] {
    return [
      ...(consuming.problem() === null ? [] : [`commands are not decided: ${consuming.problem()}`]),
      ...(failures > 1 ? [`commands wait: they could not be decided ${failures} times in a row; nothing is lost`] : []),
      ...gaps.problems(),
    ];
  }

  const consuming = keepConsuming({ log, topic: TOPIC, consumer: { group: 'messages', start: startAt, handle, maxBatch: MAX_RECORDS }, clock, logger });
  let timer: { cancel(): void } | null = null;
  return {
    start: async () => {
      await consuming.start();
      timer = clock.every(RESEND_MS, gaps.askAgain);
    },
    stop: async () => {
      stopping = true;
      timer?.cancel();
      await consuming.stop();
    },
    savePositions: async () => store.advance(TOPIC, [...places.keys()].map(toldOf)),
    problems,
  };
}

/** The stored positions of these partitions, or the log's beginning at the very first start. Anything that does not fit is an error. */
async function knownPositions(store: Store, log: EventLog, partitions: readonly number[], ends: LogEnds): Promise<readonly LogPosition[]> {
  const count = await store.partitionCount(TOPIC);
  if (count !== null && count !== ends.partitions.length) {
    throw new OffsetOutOfRange(`${TOPIC} has ${ends.partitions.length} partitions, but rooms were laid out over ${count}: restore the old number.`);
  }
  const ours = ends.partitions.filter(({ partition }) => partitions.includes(partition));
  await store.adopt(
    TOPIC,
    ends.logId,
    ends.partitions.length,
    ours.map(({ partition, from }) => ({ partition, next: from })),
  );
  const known = (await store.positions(TOPIC)).filter(({ partition }) => partitions.includes(partition));
  // Read after the positions: the owner before us may have gone on since the ends that we were given.
  const now = await log.ends(TOPIC);
  for (const { partition, logId, next } of known) {
    if (logId !== now.logId || logId !== ends.logId)
      throw new OffsetOutOfRange(`${TOPIC} is another log (${ends.logId}) than the one decided so far (${logId}).`);
    const end = now.partitions.find((entry) => entry.partition === partition);
    if (!end || next < end.from || next > end.next) {
      throw new OffsetOutOfRange(`${TOPIC}/${partition}: the next offset ${next} is not within [${end?.from}, ${end?.next}] of the log.`);
    }
  }
  return known;
}
