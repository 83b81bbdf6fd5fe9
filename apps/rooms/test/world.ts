// A rooms service as its callers meet it: real Postgres, real HTTP app and internal bus, the log in memory. In messages' place stands
// the part of its contract that rooms depends on: apply mver = last + 1, drop smaller ones, stop at a gap.
import { systemClock as clock, type EventLog, type LogConsumption, type LogEntry, LogUnavailable, systemRng as rng } from '@parley/ports';
import { createMemoryEventLog } from '@parley/ports/memory';
import { testDatabase } from '@parley/postgres/testing';
import {
  type AccessClaims,
  type CommittedEvent,
  decodeRecord,
  encodeRecord,
  eraseFromRooms,
  knownPeople,
  ParleyError,
  partitionOf,
  RoomCommand,
  readHeads,
  resendChanges,
  TOPICS,
} from '@parley/protocol';
import { answer, createHttpApp, createInternalBus, createLogger, type InternalHandler, type PgConnection, type Service } from '@parley/runtime';
import { createRooms, migrationsFolder } from '../src/index.ts';

type Change = Extract<RoomCommand, { type: 'room.change' }>;

export interface Answer {
  readonly status: number;
  // What JSON.parse answers; each test looks at the fields that it is about.
  readonly body: {
    room: string;
    seq: number;
    status: string;
    code: string;
    usesLeft: number;
    error: { code: string; message: string };
    rooms: never[];
    invitations: never[];
  };
}

export interface World {
  readonly log: EventLog;
  readonly service: Service;
  readonly people: readonly string[];
  /** Ids that accounts does not know. */
  readonly unknown: Set<string>;
  readonly messages: StandIn;
  readonly appends: AppendFaults;
  readonly database: PgConnection;
  as(user: string): (method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE', path: string, body?: object) => Promise<Answer>;
  /** Another process on the same database and log. */
  another(): Service;
  resend(room: string, after: number): Promise<void>;
  /** What accounts asks for when a person is erased. */
  erase(user: string): Promise<boolean>;
  stop(): Promise<void>;
}

export const until = async (what: string, condition: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = clock.monotonic() + 15_000;
  while (!(await condition())) {
    if (clock.monotonic() > deadline) throw new Error(`waited 15 s for: ${what}`);
    await clock.sleep(5);
  }
};

/** A log whose appends to room.command can fail, before or after the records are in. */
export interface AppendFaults {
  next: 'ok' | 'refuse' | 'take and fail';
  failures: number;
}

const faulty = (log: EventLog, faults: AppendFaults): EventLog => ({
  ends: (topic) => log.ends(topic),
  consume: (topic, consumer) => log.consume(topic, consumer),
  async append(topic: string, entries: readonly LogEntry[]) {
    const how = topic === TOPICS.roomCommand ? faults.next : 'ok';
    if (how !== 'refuse') await log.append(topic, entries);
    if (how === 'ok') return;
    faults.failures++;
    throw new LogUnavailable('planned by the test');
  },
});

export interface StandIn {
  /** Every room.change as it stood in the log, repeats and all. */
  readonly seen: Change[];
  /** mvers that were applied, per room. */
  readonly applied: Map<string, number[]>;
  readonly imports: RoomCommand[];
  readonly gaps: string[];
  /** While true nothing is applied. */
  held: boolean;
  changesOf(room: string): Change[];
  stop(): Promise<void>;
}

async function startStandIn(log: EventLog): Promise<StandIn> {
  const applied = new Map<string, number[]>();
  let positions = 0;
  const standIn: StandIn = {
    seen: [],
    applied,
    imports: [],
    gaps: [],
    held: false,
    changesOf: (room) =>
      standIn.seen.filter((change) => change.room === room).filter((change, index, all) => all.findIndex((one) => one.mver === change.mver) === index),
    stop: async () => consumption.stop(),
  };
  const apply = async (command: Change): Promise<void> => {
    const done = applied.get(command.room) ?? [];
    standIn.seen.push(command);
    if (command.mver <= (done.at(-1) ?? 0)) return;
    if (command.mver !== (done.at(-1) ?? 0) + 1) return void standIn.gaps.push(`${command.room} ${command.mver}`);
    applied.set(command.room, [...done, command.mver]);
    const event = { room: command.room, seq: command.mver, author: command.author, time: command.time, clientId: null, msgNo: 0, ...command.change };
    const committed = { v: 1, event, mver: command.mver, pos: ++positions, partition: 0 } as CommittedEvent;
    const count = (await log.ends(TOPICS.roomEvent)).partitions.length;
    await log.append(TOPICS.roomEvent, [{ partition: partitionOf(command.room, count), key: command.room, value: encodeRecord(committed) }]);
  };
  const consumption: LogConsumption = await log.consume(TOPICS.roomCommand, {
    group: 'messages',
    start: async (partitions, ends) => new Map(partitions.map((partition) => [partition, ends.partitions[partition]?.from ?? 0])),
    handle: async (records) => {
      while (standIn.held) await clock.sleep(5);
      for (const record of records) {
        const command = decodeRecord(RoomCommand, record.value);
        if (command.type === 'room.change') await apply(command);
        else standIn.imports.push(command);
      }
    },
  });
  return standIn;
}

/** Who is called `owner:<id>` owns the installation. */
const claimsOf = (token: string): AccessClaims => {
  const owner = token.startsWith('owner:');
  return { sub: owner ? token.slice(6) : token, sid: rng.id(), exp: 4_102_444_800, iat: 0, role: owner ? 'owner' : 'member', cls: 'person' };
};

/** Everything is stopped and dropped by `stop`. */
export async function startWorld({ others = [] }: { readonly others?: readonly InternalHandler[] } = {}): Promise<World> {
  const database = await testDatabase(migrationsFolder);
  const inner = createMemoryEventLog({
    clock,
    rng,
    topics: {
      [TOPICS.roomCommand]: { partitions: 4 },
      [TOPICS.roomEvent]: { partitions: 4 },
      [TOPICS.sessionEvent]: { partitions: 1 },
      [TOPICS.accountEvent]: { partitions: 1 },
    },
  });
  const appends: AppendFaults = { next: 'ok', failures: 0 };
  const log = faulty(inner, appends);
  const messages = await startStandIn(inner);
  const unknown = new Set<string>();
  const bus = createInternalBus({ key: 'a key for tests that is long enough', clock, rng });
  bus.register([
    ...others,
    answer(knownPeople, async ({ ids }) => ({ ids: ids.filter((id) => !unknown.has(id)) })),
    answer(readHeads, async ({ rooms }) => ({
      epoch: '00000000-0000-7000-8000-0000000000ee',
      positions: {},
      heads: Object.fromEntries(rooms.map((room) => [room, messages.applied.get(room)?.length ?? 0])),
    })),
  ]);
  const logger = createLogger({ level: 'silent' });
  const verifier = {
    verify: async (token: string): Promise<AccessClaims> => {
      if (token === '') throw new ParleyError('unauthenticated');
      return claimsOf(token);
    },
  };
  const services: Service[] = [];
  const another = (): Service => {
    const made = createRooms({ database: database.connection, log, internal: bus.clientFor('rooms'), verifier, clock, rng, logger });
    services.push(made);
    return made;
  };
  const service = another();
  await service.start();
  bus.register(service.internal ?? []);
  const app = createHttpApp({ logger, rng });
  await service.routes?.(app);
  await app.ready();
  return {
    log,
    service,
    people: Array.from({ length: 60 }, () => rng.id()),
    unknown,
    messages,
    appends,
    database: database.connection,
    as: (user) => async (method, path, body) => {
      const response = await app.inject({ method, url: path, headers: { authorization: `Bearer ${user}` }, ...(body === undefined ? {} : { payload: body }) });
      return { status: response.statusCode, body: (response.body === '' ? {} : response.json()) as Answer['body'] };
    },
    another,
    resend: async (room, after) => {
      await bus.clientFor('messages').call(resendChanges, { room, after });
    },
    erase: async (user) => (await bus.clientFor('accounts').call(eraseFromRooms, { user, saga: user })).done,
    async stop() {
      appends.next = 'ok';
      messages.held = false;
      await app.close();
      for (const each of services) await each.stop();
      await messages.stop();
      await database.drop();
    },
  };
}
