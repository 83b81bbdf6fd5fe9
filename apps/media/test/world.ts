// A media service as its callers meet it: real Postgres, real HTTP, real files in a folder; log and queue in memory. In messages' place
// stands what media asks of it: who is a member of which room now, and from where on they may see it.
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, type EventLog, systemRng as rng, systemClock, type WorkQueue } from '@parley/ports';
import { createMemoryEventLog, createMemoryWorkQueue } from '@parley/ports/memory';
import { testDatabase } from '@parley/postgres/testing';
import {
  type AccessClaims,
  type Attachment,
  type CommittedEvent,
  encodeRecord,
  eraseFromMedia,
  type MediaFile,
  ParleyError,
  partitionOf,
  type Right,
  readRight,
  TOPICS,
} from '@parley/protocol';
import { answer, createHttpApp, createInternalBus, createLogger, type PgConnection, type Service } from '@parley/runtime';
import { createMedia, type MediaConfig, migrationsFolder } from '../src/index.ts';
import { openDatabase } from '../src/store/store-database.ts';
import { createRoomEventStore, type RoomEventStore } from '../src/store/store-room-events.ts';

export const newId = (): string => rng.id();
export const LINK_KEY = 'a key for the links of tests, long enough';

export const until = async (what: string, condition: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = performance.now() + 15_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited 15 s for: ${what}`);
    await systemClock.sleep(5);
  }
};

/** A token is the caller's id: what tokens are is not media's business. */
export const verifier = {
  verify: async (token: string): Promise<AccessClaims> => {
    if (token === '') throw new ParleyError('unauthenticated');
    return { sub: token, sid: rng.id(), exp: 4_102_444_800, iat: 0, role: 'member', cls: 'person' };
  },
};

/** Messages' truth, as far as media asks for it. */
export class Rooms {
  readonly #rights = new Map<string, Right>();
  readonly #heads = new Map<string, number>();
  away = false;

  join(room: string, user: string, floor = 0): void {
    this.#rights.set(`${room}/${user}`, { room, role: 'member', floor, joinSeq: floor + 1, head: 0 });
  }
  remove(room: string, user: string): void {
    this.#rights.delete(`${room}/${user}`);
  }
  next(room: string): number {
    const seq = (this.#heads.get(room) ?? 0) + 1;
    this.#heads.set(room, seq);
    return seq;
  }
  readonly handler = answer(readRight, async ({ user, room }) => {
    if (this.away) throw new ParleyError('unavailable', 'messages does not answer.');
    const right = this.#rights.get(`${room}/${user}`);
    return { right: right ? { ...right, head: this.#heads.get(room) ?? 0 } : null };
  });
}

export interface World {
  readonly url: string;
  readonly dir: string;
  readonly rooms: Rooms;
  readonly log: EventLog;
  readonly queue: WorkQueue;
  readonly service: Service;
  readonly database: PgConnection;
  call(user: string | null, method: string, path: string, options?: { headers?: Record<string, string>; body?: BodyInit }): Promise<Response>;
  /** Begins an upload; answers its path. Throws the refusal. */
  begin(user: string, room: string, name: string, bytes: number): Promise<string>;
  /** One chunk from this offset. */
  patch(user: string, path: string, offset: number, chunk: Uint8Array): Promise<Response>;
  /** The whole way: begins, sends, asks what it became. */
  upload(user: string, room: string, name: string, bytes: Uint8Array): Promise<MediaFile>;
  info(user: string, id: string): Promise<MediaFile>;
  /** A message of the room that names these files, as messages would commit it; resolves when media has read it. */
  post(room: string, author: string, files: readonly { readonly id: string }[], times?: number): Promise<number>;
  delete(room: string, author: string, target: number): Promise<void>;
  erase(user: string): Promise<boolean>;
  stop(): Promise<void>;
}

export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(`${status} ${code}: ${message}`);
    this.status = status;
    this.code = code;
  }
}

export async function codeOf(response: Response): Promise<string> {
  const { error } = (await response.json()) as { error: { code: string } };
  return error.code;
}

async function okOf(response: Response): Promise<Response> {
  if (response.ok) return response;
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  throw new Refusal(response.status, error.code, error.message);
}

export const metadata = (room: string, name: string): string => `room ${btoa(room)},name ${Buffer.from(name).toString('base64')}`;

export interface WorldOptions {
  readonly config?: Partial<MediaConfig>;
  readonly clock?: Clock;
  readonly queue?: WorkQueue;
}

/** Everything is stopped and removed by `stop`. */
export async function startWorld({
  config = {},
  clock = systemClock,
  queue = createMemoryWorkQueue({ clock: systemClock }),
}: WorldOptions = {}): Promise<World> {
  const database = await testDatabase(migrationsFolder);
  const dir = await mkdtemp(join(tmpdir(), 'parley-media-'));
  const log = createMemoryEventLog({ clock: systemClock, rng, topics: { [TOPICS.roomEvent]: { partitions: 2 } } });
  const bus = createInternalBus({ key: 'a key for tests that is long enough', clock: systemClock, rng });
  const rooms = new Rooms();
  bus.register([rooms.handler]);
  const logger = createLogger({ level: 'silent' });
  const service = createMedia({
    database: database.connection,
    log,
    queue,
    internal: bus.clientFor('media'),
    verifier,
    clock,
    rng,
    logger,
    config: { dir, linkKey: LINK_KEY, ...config },
  });
  bus.register(service.internal ?? []);
  await service.start();
  const app = createHttpApp({ logger, rng });
  await service.routes?.(app);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const client = clientOf(url);
  const db = openDatabase(database.connection);
  const offsets = createRoomEventStore(db);
  return {
    ...client,
    dir,
    rooms,
    log,
    queue,
    service,
    database: database.connection,
    async post(room, author, files, times = 1) {
      const seq = rooms.next(room);
      const attachments: Attachment[] = files.map(({ id }) => ({ id, name: 'claimed.html', type: 'text/html', bytes: 1 }));
      for (let i = 0; i < times; i++) await say(log, offsets, room, seq, author, 'message.posted', { text: '', replyTo: null, thread: null, attachments });
      return seq;
    },
    delete: async (room, author, target) => say(log, offsets, room, rooms.next(room), author, 'message.deleted', { target, targetAuthor: author }),
    erase: async (user) => (await bus.clientFor('accounts').call(eraseFromMedia, { user, saga: newId() })).done,
    async stop() {
      await app.close();
      await service.stop();
      await db.$disconnect();
      await database.drop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Appends the event and waits until media has read it. */
async function say(log: EventLog, offsets: RoomEventStore, room: string, seq: number, author: string, type: string, body: object): Promise<void> {
  const event = { room, seq, author, time: 1, clientId: null, msgNo: 0, type, body } as CommittedEvent['event'];
  const count = (await log.ends(TOPICS.roomEvent)).partitions.length;
  const partition = partitionOf(room, count);
  await log.append(TOPICS.roomEvent, [{ partition, key: room, value: encodeRecord({ v: 1, event, mver: null, pos: seq, partition }) }]);
  const { partitions } = await log.ends(TOPICS.roomEvent);
  await until('media reads the event', async () => {
    const read = await offsets.positions(TOPICS.roomEvent);
    return read.some((at) => at.partition === partition && at.next === partitions[partition]?.next);
  });
}

/** What a client does over HTTP, at this address. */
export function clientOf(url: string): Pick<World, 'url' | 'call' | 'begin' | 'patch' | 'upload' | 'info'> {
  const call: World['call'] = (user, method, path, { headers = {}, body } = {}) =>
    fetch(`${url}${path}`, {
      method,
      headers: { ...(user === null ? {} : { authorization: `Bearer ${user}` }), ...headers },
      ...(body === undefined ? {} : { body }),
    });
  const begin: World['begin'] = async (user, room, name, bytes) => {
    const headers = { 'tus-resumable': '1.0.0', 'upload-length': String(bytes), 'upload-metadata': metadata(room, name) };
    return (await okOf(await call(user, 'POST', '/api/media/uploads', { headers }))).headers.get('location') ?? '';
  };
  const patch: World['patch'] = (user, path, offset, chunk) =>
    call(user, 'PATCH', path, {
      headers: { 'tus-resumable': '1.0.0', 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' },
      body: new Uint8Array(chunk),
    });
  const info: World['info'] = async (user, id) => (await okOf(await call(user, 'GET', `/api/media/files/${id}/info`))).json() as Promise<MediaFile>;
  return {
    url,
    call,
    begin,
    patch,
    info,
    async upload(user, room, name, bytes) {
      const path = await begin(user, room, name, bytes.byteLength);
      await okOf(await patch(user, path, 0, bytes));
      return info(user, path.split('/').at(-1) ?? '');
    },
  };
}
