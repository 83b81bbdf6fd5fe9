// One gateway core on memory adapters and a manual clock, with clients that judge what they get.
import { createManualClock, createSeededRng, type Feed, type FeedPublish, type ManualClock } from '@parley/ports';
import { createMemoryEventLog, createMemoryFeed, createMemoryPresence } from '@parley/ports/memory';
import { type AccessClaims, ParleyError, type ResumeAnswer, type SessionEvent, TOPICS } from '@parley/protocol';
import type { TokenVerifier } from '@parley/runtime';
import { pino } from 'pino';
import type { CoreRevocations } from '../src/core.ts';
import { createGatewayCore, type GatewayCore, type GatewayCoreDeps } from '../src/core.ts';
import type { GatewayConfig } from '../src/gateway-config.ts';
import { createFakeMessages, type FakeMessages } from './fake-messages.ts';
import { createFakeSocket, type FakeSocket, lineCodec } from './fake-socket.ts';

export const silent = pino({ level: 'silent' });
export const topics = {
  [TOPICS.roomCommand]: { partitions: 4 },
  [TOPICS.roomEvent]: { partitions: 4 },
  [TOPICS.sessionEvent]: { partitions: 1 },
  [TOPICS.accountEvent]: { partitions: 1 },
};

/** 0 -> an id that is a UUID and easy to read. */
export const idOf = (kind: number, n: number): string => `${String(kind).padStart(8, '0')}-0000-7000-8000-${String(n).padStart(12, '0')}`;

export const claimsOf = (user: string, exp = 4_000_000_000, cls: 'person' | 'load' = 'person'): AccessClaims => ({
  sub: user,
  sid: idOf(9, Number(user.slice(-12))),
  exp,
  iat: 0,
  role: 'member',
  cls,
});

export function createFakeRevocations(): CoreRevocations & { revoke(event: SessionEvent): void } {
  const listeners = new Set<(event: SessionEvent) => void>();
  const ended = new Set<string>();
  return {
    isRevoked: (claims) => ended.has(claims.sid),
    onRevoked: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    revoke: (event) => {
      if (event.type === 'session.revoked') ended.add(event.session);
      for (const listener of listeners) listener(event);
    },
  };
}

/** Tokens are the claims as JSON. */
export const plainVerifier: TokenVerifier = {
  verify: async (token) => {
    try {
      return JSON.parse(token) as AccessClaims;
    } catch {
      throw new ParleyError('unauthenticated');
    }
  },
};

/** What a lossy feed does with each message. */
export type Fate = 'pass' | 'lose' | 'double' | 'late';

function createLossyFeed(inner: Feed, clock: ManualClock, fate: () => Fate): Feed {
  return {
    subscribe: inner.subscribe,
    since: inner.since,
    publish: async (messages: readonly FeedPublish[]) => {
      for (const message of messages) {
        const what = fate();
        if (what === 'pass' || what === 'double') await inner.publish([message]);
        if (what === 'double') await inner.publish([message]);
        if (what === 'late') clock.after(30, () => void inner.publish([message]));
      }
    },
  };
}

export interface World {
  readonly clock: ManualClock;
  readonly core: GatewayCore;
  readonly messages: FakeMessages;
  readonly log: ReturnType<typeof createMemoryEventLog>;
  readonly feed: Feed;
  readonly presence: ReturnType<typeof createMemoryPresence>;
  readonly revocations: ReturnType<typeof createFakeRevocations>;
  fate: () => Fate;
  connect(user: string, options?: { exp?: number }): Client;
}

export async function createWorld(config: Partial<GatewayConfig> = {}, parts: Partial<GatewayCoreDeps> = {}): Promise<World> {
  const clock = createManualClock();
  const rng = createSeededRng(7);
  const log = createMemoryEventLog({ topics, clock });
  const inner = createMemoryFeed({ clock });
  const presence = createMemoryPresence({ clock });
  const revocations = createFakeRevocations();
  const feed = createLossyFeed(inner, clock, () => world.fate());
  const messages = createFakeMessages(feed, idOf(5, 1));
  const core = createGatewayCore({
    log,
    feed,
    presence,
    internal: messages.internal,
    verifier: plainVerifier,
    revocations,
    clock,
    rng,
    logger: silent,
    codec: lineCodec,
    config: { origins: [], ...config },
    ...parts,
  });
  let count = 0;
  const world: World = {
    clock,
    core,
    messages,
    log,
    feed,
    presence,
    revocations,
    fate: () => 'pass',
    connect: (user, options) => new Client(world, user, createFakeSocket(`s${count++}`), options?.exp),
  };
  const started = core.start();
  await clock.advance(10);
  await started;
  return world;
}

/** A client that keeps its place in each room and writes down what no client may ever see. */
export class Client {
  readonly user: string;
  readonly socket: FakeSocket;
  /** Room -> everything up to and with this seq was got or stands in a snapshot. */
  readonly places = new Map<string, number>();
  readonly seen: { room: string; seq: number }[] = [];
  readonly wrong: string[] = [];
  readonly world: World;
  private readonly accepted: ReturnType<GatewayCore['accept']>;
  private nextAck = 0;

  constructor(world: World, user: string, socket: FakeSocket, exp?: number) {
    this.world = world;
    this.user = user;
    this.socket = socket;
    socket.onFrame = ({ name, payload }) => this.take(name, payload);
    this.accepted = world.core.accept(socket, claimsOf(user, exp));
    socket.onClose = () => this.accepted.closed();
  }

  /** The ack, when it comes. */
  async request(name: string, payload: unknown): Promise<Record<string, unknown> & { ok: boolean }> {
    return new Promise((resolve) => {
      this.nextAck += 1;
      this.accepted.frame(name, payload, (answer) => resolve(answer as Record<string, unknown> & { ok: boolean }));
    });
  }

  async resume(places: ReadonlyMap<string, number> = new Map(), me: number | null = null, epoch = this.world.messages.epoch): Promise<ResumeAnswer | null> {
    const rooms = Object.fromEntries([...places].map(([room, seq]) => [room, { epoch, seq }]));
    return new Promise((resolve) => {
      this.accepted.frame('resume', { me, rooms }, (answer) => {
        if (!answer.ok) return resolve(null);
        const body = answer as unknown as ResumeAnswer;
        for (const [room, { from, reset }] of Object.entries(body.rooms)) {
          if (places.has(room) && !reset && from !== places.get(room)) this.wrong.push(`resume moved ${room}`);
          this.places.set(room, from);
        }
        resolve(body);
      });
    });
  }

  close(): void {
    this.socket.close(true);
  }

  frames(name: string): Record<string, unknown>[] {
    return this.socket.received.filter((frame) => frame.name === name).map((frame) => frame.payload);
  }

  private take(name: string, payload: Record<string, unknown>): void {
    const room = payload.room as string;
    if (name === 'reset') this.places.set(room, payload.from as number);
    if (name === 'gone') this.places.delete(room);
    if (name === 'live' && this.places.get(room) !== payload.seq)
      this.wrong.push(`live at ${String(payload.seq)} but the place is ${String(this.places.get(room))}`);
    if (name !== 'event') return;
    const seq = payload.seq as number;
    const place = this.places.get(room);
    if (place === undefined) this.wrong.push(`event ${seq} of a room that is not mine`);
    else if (seq !== place + 1) this.wrong.push(`event ${seq} after ${place}`);
    this.places.set(room, seq);
    this.seen.push({ room, seq });
  }
}
