// What is written to sockets, and when, against a model that says for every socket which frame may come now. The feed loses nothing here,
// so the model is exact: who is live has everything one window later, who is removed has all before it and nothing of it.
import { createSeededRng } from '@parley/ports';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Received } from './fake-socket.ts';
import { type Client, createWorld, idOf, type World } from './world.ts';

const ROOMS = [idOf(1, 1), idOf(1, 2), idOf(1, 3)];
const USERS = [idOf(2, 1), idOf(2, 2), idOf(2, 3), idOf(2, 4)];
const QUEUE = { softBytes: 300, hardBytes: 900, ageMs: 1_000, stuckMs: 600_000 };
const RESUME_EVENTS = 15;
const CLIENTS_MAX = 7;
/** A stalled socket is looked at this often. */
const LOOK_MS = 100;

const room = fc.constantFrom(...ROOMS);
const user = fc.constantFrom(...USERS);
const nth = fc.nat(CLIENTS_MAX);
const step = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant('post' as const), room, user, times: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('member' as const), room, user, history: fc.constantFrom('all' as const, 'since_join' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('connect' as const), user, keep: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cut' as const), nth }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('slow' as const), nth, on: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('drain' as const), nth, bytes: fc.integer({ min: 50, max: 1_500 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('skew' as const), ms: fc.integer({ min: -60_000, max: 60_000 }) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 2, 3, 5, 8, 12, 40, 300, 2_000) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const prelude: Step[] = [
  ...ROOMS.flatMap((room) => USERS.map((user): Step => ({ do: 'member', room, user, history: 'all' }))),
  ...USERS.map((user): Step => ({ do: 'connect', user, keep: false })),
  { do: 'advance', ms: 300 },
];

/** How often each kind of frame came in all runs: a model that nothing happened to proves nothing. */
const seen: Record<string, number> = {};

/** The model of one socket. Its place in each room is kept by the client, which holds events to follow each other. */
class Model {
  readonly client: Client;
  readonly live = new Set<string>();
  readonly wrong: string[];
  private readonly world: World;
  private readonly removals: ReadonlyMap<string, number>;
  private fullAt = Number.NEGATIVE_INFINITY;

  constructor(world: World, client: Client, removals: ReadonlyMap<string, number>, wrong: string[]) {
    this.world = world;
    this.client = client;
    this.removals = removals;
    this.wrong = wrong;
    const { socket } = client;
    const [onFrame, write] = [socket.onFrame, socket.write];
    socket.onFrame = (frame) => {
      this.judge(frame);
      onFrame(frame);
    };
    socket.write = (bytes) => {
      this.must(socket.bufferedBytes() <= QUEUE.hardBytes, 'is written to although its queue is full');
      write(bytes);
      this.look();
    };
  }

  /** Its queue may have grown or shrunk. */
  look(): void {
    if (this.client.socket.bufferedBytes() > QUEUE.softBytes) this.fullAt = this.world.clock.monotonic();
  }

  must(holds: boolean, what: string): void {
    if (!holds) this.wrong.push(`${this.client.socket.id} ${what}`);
  }

  private judge({ name, payload }: Received): void {
    seen[name] = (seen[name] ?? 0) + 1;
    const room = payload.room as string;
    const { client, live } = this;
    const place = client.places.get(room);
    if (name === 'event') this.judgeEvent(room, payload);
    if (name === 'live') {
      this.must(!live.has(room), 'is live twice');
      live.add(room);
    }
    if (name === 'behind') {
      this.must(live.has(room), 'falls behind without being live');
      this.look();
      this.must(this.world.clock.monotonic() - this.fullAt <= LOOK_MS, 'falls behind with an empty queue');
      live.delete(room);
    }
    if (name === 'gone') {
      const removal = this.removals.get(`${room} ${client.user}`) ?? 0;
      if (live.has(room)) this.must(place === removal - 1, `is gone at ${place}, removed by ${removal}`);
      else this.must(removal > 0, 'is gone but was never removed');
      live.delete(room);
    }
    if (name === 'reset') {
      const from = payload.from as number;
      this.must(!live.has(room), 'is reset while live');
      // Where it was not, it begins anew; where it was, it was too far behind.
      this.must(
        place === undefined || from - place > RESUME_EVENTS || (this.removals.get(`${room} ${client.user}`) ?? 0) > 0,
        `is reset from ${place} to ${from}`,
      );
    }
  }

  private judgeEvent(room: string, payload: Record<string, unknown>): void {
    const seq = payload.seq as number;
    const committed = this.world.messages.events(room)[seq - 1];
    this.must(JSON.stringify(payload) === JSON.stringify(committed), `gets another event ${seq} than was committed`);
  }
}

/** One installation, its sockets with their models, and what happened to its members. */
class Play {
  readonly wrong: string[] = [];
  private readonly world: World;
  private readonly windowMs: number;
  private readonly stays = new Map<string, { floor: number; end: number }[]>();
  private readonly removals = new Map<string, number>();
  private readonly places = new Map<string, Map<string, number>>();
  private models: Model[] = [];
  private readonly all: Model[] = [];

  constructor(world: World, windowMs: number) {
    this.world = world;
    this.windowMs = windowMs;
  }

  async take(one: Step): Promise<void> {
    const { messages, clock } = this.world;
    for (const each of this.models) each.look();
    const model = 'nth' in one ? this.models[one.nth % Math.max(1, this.models.length)] : undefined;
    if (one.do === 'post') for (let i = 0; i < one.times; i++) await messages.post(one.room, one.user, 'x'.repeat(1 + ((i * 7) % 40)));
    if (one.do === 'member') await this.member(one.room, one.user, one.history);
    if (one.do === 'connect' && this.models.length < CLIENTS_MAX) this.connect(one.user, one.keep);
    if (one.do === 'cut' && model !== undefined) this.cut(model);
    if (one.do === 'slow') model?.client.socket.slow(one.on);
    if (one.do === 'drain') model?.client.socket.drain(one.bytes);
    if (one.do === 'skew') clock.skew(one.ms);
    if (one.do === 'advance') {
      await clock.advance(one.ms);
      if (one.ms > this.windowMs) this.everythingLiveIsThere();
    }
  }

  /** Everybody reads again; then everybody has everything. */
  async rest(): Promise<void> {
    for (const { client } of this.models) client.socket.slow(false);
    await this.world.clock.advance(20_000);
    this.everythingLiveIsThere();
    for (const model of this.models) {
      for (const room of ROOMS) {
        const isMember = this.world.messages.isMember(room, model.client.user);
        model.must(model.live.has(room) === isMember, `${isMember ? 'is not live' : 'is live'} in ${room} at the end`);
      }
    }
    for (const { client } of this.all) {
      this.wrong.push(...client.wrong);
      for (const { room, seq } of client.seen) {
        const may = (this.stays.get(`${room} ${client.user}`) ?? []).some(({ floor, end }) => seq > floor && seq < end);
        if (!may) this.wrong.push(`${client.socket.id} saw ${seq} of ${room}`);
      }
    }
  }

  private everythingLiveIsThere(): void {
    for (const model of this.models)
      for (const room of model.live)
        model.must(
          model.client.places.get(room) === this.world.messages.events(room).length,
          `is live at ${model.client.places.get(room)}, which is not the head`,
        );
  }

  private async member(room: string, user: string, history: 'all' | 'since_join'): Promise<void> {
    const { messages } = this.world;
    const key = `${room} ${user}`;
    if (!messages.isMember(room, user)) {
      this.stays.set(key, [...(this.stays.get(key) ?? []), { floor: history === 'all' ? 0 : messages.events(room).length, end: Number.POSITIVE_INFINITY }]);
      await messages.join(room, user, history);
      return;
    }
    const seq = messages.events(room).length + 1;
    this.removals.set(key, seq);
    const stay = this.stays.get(key)?.at(-1);
    if (stay !== undefined) stay.end = seq;
    await messages.remove(room, user);
    // At once, not at the end of the window.
    for (const model of this.models) if (model.client.user === user) model.must(!model.live.has(room), 'is live although it was removed');
  }

  private connect(user: string, keep: boolean): void {
    const client = this.world.connect(user);
    const model = new Model(this.world, client, this.removals, this.wrong);
    this.models.push(model);
    this.all.push(model);
    void client.resume(keep ? this.places.get(user) : undefined);
  }

  private cut(model: Model): void {
    this.places.set(model.client.user, new Map(model.client.places));
    model.client.close();
    this.models = this.models.filter((one) => one !== model);
  }
}

test('every socket gets the frames that the model says, in its order, in its time', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 60, maxLength: 200, size: 'max' }),
      fc.integer({ min: 0, max: 10 }),
      fc.integer(),
      async (steps, windowMs, seed) => {
        const limits = { resumeEvents: RESUME_EVENTS, ringBytes: 1_500, usersMs: 2_000, lingerMs: 500, windowMs };
        const world = await createWorld({ limits, queue: QUEUE });
        const rng = createSeededRng(seed);
        world.messages.delay = () => new Promise((resolve) => world.clock.after(Math.floor(rng.random() ** 3 * 60), resolve));
        const play = new Play(world, windowMs);
        try {
          for (const one of [...prelude, ...steps]) await play.take(one);
          await play.rest();
          expect(play.wrong).toEqual([]);
        } finally {
          const stopped = world.core.stop();
          await world.clock.advance(20_000);
          await stopped;
        }
      },
    ),
    { numRuns: 150 },
  );
  for (const name of ['event', 'live', 'behind', 'reset', 'gone']) expect(seen[name], name).toBeGreaterThan(100);
}, 60_000);
