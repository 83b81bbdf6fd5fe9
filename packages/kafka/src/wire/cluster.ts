// The brokers as they are now: who leads which partition, under which identity, and whether anybody answers. Every Kafka request of ours goes
// through a lane of here, whichever client produces and consumes. Never retries: who asks knows how long it may take.
import { type Clock, LogUnavailable } from '@parley/ports';
import { type Connection, ConnectionPool, metadataV12 } from '@platformatic/kafka';
import { codesOf, UNKNOWN_TOPIC } from './codes.ts';

export interface TopicInfo {
  /** Kafka's topic id: the log's identity. */
  readonly id: string;
  /** Node of each partition's leader; -1: none just now. */
  readonly leaders: readonly number[];
}

/** Connections for one purpose: a broker answers one connection in order, so a long wait must not share one with what is urgent. */
export interface Lane {
  /** Asks this broker; null: any. Rejects with LogUnavailable when it does not answer, with Kafka's own error when it refuses. */
  call<T>(node: number | null, ask: (connection: Connection) => Promise<T>): Promise<T>;
  /** Ends the connections at once: what was asked fails, what was not sent is never sent. The lane can be used again. */
  cut(): void;
}

/** The topic was there, and Kafka has said for a while that it is not: nobody can go on where they were. */
export class TopicGone extends LogUnavailable {}

export interface Cluster {
  lane(timeoutMs: number): Lane;
  /**
   * Rejects with RangeError when there is no such topic and never was, with TopicGone when there is none any more, else with LogUnavailable.
   * `fresh`: not from memory.
   */
  topic(name: string, fresh?: boolean): Promise<TopicInfo>;
  /** The topic's identity in the eyes of this broker: what it says after it took records is true of those records. */
  identityAt(node: number, name: string): Promise<string>;
  /** What was learnt of the leaders is out of date. */
  forget(): void;
  /** Sentences: nobody answers, or topics are gone. */
  problems(): readonly string[];
  close(): void;
}

const ANSWER_MS = 4_000;
const CONNECT_MS = 2_000;
const MAX_AGE_MS = 30_000;
const PROBE_MS = 1_000;
/** A broker that has just started, or is behind the others, may not know a topic yet. */
const GONE_MS = 10_000;

interface Node {
  readonly host: string;
  readonly port: number;
}

export function createCluster({ brokers, clientId, clock }: { brokers: string; clientId: string; clock: Clock }): Cluster {
  const bootstrap = parseBrokers(brokers);
  const lanes = new Set<Lane>();
  const nodes = new Map<number, Node>();
  const topics = new Map<string, { info: TopicInfo; at: number }>();
  const known = new Set<string>();
  /** Topics that were there and are not, since when. */
  const gone = new Map<string, number>();
  let away: string | null = null;
  let closed = false;
  let turn = 0;

  const answered = (): void => {
    away = null;
  };
  const silent = (cause: unknown): LogUnavailable => {
    if (!closed) away = `Kafka at ${brokers} does not answer: sends are refused and nothing new is read until it does`;
    return new LogUnavailable(`Kafka at ${brokers} does not answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  };

  const lane = (timeoutMs: number): Lane => {
    const open = (): ConnectionPool => new ConnectionPool(clientId, { connectTimeout: CONNECT_MS, requestTimeout: timeoutMs, maxInflights: 100 });
    let pool = open();
    const connect = async (node: number | null, using: ConnectionPool): Promise<Connection> => {
      const found = node === null ? undefined : nodes.get(node);
      if (found !== undefined) return using.get(found);
      if (node !== null) throw new Error(`broker ${node} is not known`);
      // Begins with another one each time, so that one that is down is not asked first for ever.
      const all = [...nodes.values(), ...bootstrap];
      const from = turn++ % all.length;
      return using.getFirstAvailable([...all.slice(from), ...all.slice(0, from)]);
    };
    const self: Lane = {
      call: async (node, ask) => {
        if (closed) throw new LogUnavailable('The log is closed.');
        const using = pool;
        try {
          const answer = await ask(await connect(node, using));
          answered();
          return answer;
        } catch (error) {
          if (codesOf(error).length > 0) {
            answered();
            throw error;
          }
          throw using === pool ? silent(error) : new LogUnavailable('given up', { cause: error });
        }
      },
      cut: () => {
        const old = pool;
        pool = open();
        endNow(old);
      },
    };
    lanes.add(self);
    return self;
  };
  const own = lane(ANSWER_MS);

  const ask = (node: number | null, name: string) => own.call(node, (connection) => metadataV12.api.async(connection, [name], false, false));
  const refresh = async (name: string): Promise<TopicInfo> => {
    try {
      const answer = await ask(null, name);
      nodes.clear();
      for (const { nodeId, host, port } of answer.brokers) nodes.set(nodeId, { host, port });
      const found = answer.topics.find((topic) => topic.name === name);
      if (found === undefined) throw new LogUnavailable(`Kafka says nothing of topic ${name}.`);
      const leaders: number[] = [];
      for (const { partitionIndex, leaderId } of found.partitions) leaders[partitionIndex] = leaderId;
      const info = { id: found.topicId, leaders };
      topics.set(name, { info, at: clock.monotonic() });
      known.add(name);
      gone.delete(name);
      return info;
    } catch (error) {
      topics.delete(name);
      if (!codesOf(error).includes(UNKNOWN_TOPIC))
        throw error instanceof LogUnavailable ? error : new LogUnavailable((error as Error).message, { cause: error });
      // A broker that has just started does not know its topics yet.
      if (!known.has(name)) throw new RangeError(`no topic ${name}`);
      const since = gone.get(name) ?? clock.monotonic();
      gone.set(name, since);
      const why = `Kafka has no topic ${name} any more`;
      throw clock.monotonic() - since < GONE_MS ? new LogUnavailable(why) : new TopicGone(why);
    }
  };
  const asking = new Map<string, Promise<TopicInfo>>();
  const topic = async (name: string, fresh = false): Promise<TopicInfo> => {
    const held = topics.get(name);
    if (!fresh && held !== undefined && clock.monotonic() - held.at < MAX_AGE_MS) return held.info;
    const running = asking.get(name) ?? refresh(name).finally(() => asking.delete(name));
    asking.set(name, running);
    return running;
  };

  // Nobody may be asking while it is away: what the operator reads must become true again by itself.
  const probe = clock.every(PROBE_MS, () => {
    const name = away === null ? undefined : known.values().next().value;
    for (const one of name === undefined ? gone.keys() : [name]) topic(one, true).catch(() => undefined);
  });

  return {
    lane,
    topic,
    forget: () => topics.clear(),
    identityAt: async (node, name) => (await ask(node, name)).topics.find((one) => one.name === name)?.topicId ?? '',
    problems: () => [
      ...(away === null ? [] : [away]),
      ...[...gone.keys()].map((name) => `Kafka has no topic ${name} any more: sends are refused, and whoever read it stops until it is made again`),
    ],
    close: () => {
      closed = true;
      probe.cancel();
      for (const one of lanes) one.cut();
    },
  };
}

function parseBrokers(brokers: string): Node[] {
  return brokers.split(',').map((one) => {
    const at = one.trim().lastIndexOf(':');
    const [host, port] = [one.trim().slice(0, at), Number(one.trim().slice(at + 1))];
    if (at < 1 || !Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`"${one}" is not host:port of a Kafka broker`);
    return { host, port };
  });
}

/** The library's own way to close waits for what was written to be sent; this does not. */
function endNow(pool: ConnectionPool): void {
  for (const [, connection] of pool) {
    connection.on('error', () => undefined);
    connection.socket?.destroy(new Error('given up'));
  }
  pool.close().catch(() => undefined);
}
