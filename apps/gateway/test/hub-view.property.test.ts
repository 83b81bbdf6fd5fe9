// Whatever the feed loses, repeats or reorders, whoever joins, leaves, comes back or reads slowly, whatever the worker sheds: a socket sees its own contiguous view.
import { createSeededRng } from '@parley/ports';
import { ParleyError } from '@parley/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Client, createWorld, type Fate, idOf, type World } from './world.ts';

const ROOMS = [idOf(1, 1), idOf(1, 2)];
const USERS = [idOf(2, 1), idOf(2, 2), idOf(2, 3)];

const room = fc.constantFrom(...ROOMS);
const user = fc.constantFrom(...USERS);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('post' as const), room, user, times: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('postUnheard' as const), room, user }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('member' as const), room, user, history: fc.constantFrom('all' as const, 'since_join' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('connect' as const), user, keep: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('disconnect' as const), nth: fc.nat(10) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('slow' as const), nth: fc.nat(10), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('away' as const), on: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('late' as const), ms: fc.constantFrom(0, 5_000) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 5, 40, 300, 3_000) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Most runs begin among people: everybody is in, and here. */
const prelude: Step[] = [
  ...ROOMS.flatMap((room) => USERS.map((user): Step => ({ do: 'member', room, user, history: 'all' }))),
  ...USERS.map((user): Step => ({ do: 'connect', user, keep: false })),
];

/** Which events of the room each user may ever see: those after the floor and before the removal of some membership. */
class Views {
  private readonly intervals = new Map<string, { floor: number; end: number }[]>();

  joined(room: string, user: string, floor: number): void {
    const key = `${room} ${user}`;
    this.intervals.set(key, [...(this.intervals.get(key) ?? []), { floor, end: Number.POSITIVE_INFINITY }]);
  }

  removed(room: string, user: string, seq: number): void {
    const last = this.intervals.get(`${room} ${user}`)?.at(-1);
    if (last !== undefined) last.end = seq;
  }

  maySee(room: string, user: string, seq: number): boolean {
    return (this.intervals.get(`${room} ${user}`) ?? []).some(({ floor, end }) => seq > floor && seq < end);
  }
}

/** How late the worker's event loop is: it sheds by that. */
const loop = { ms: 0, start() {}, lateMs: () => loop.ms, stop() {} };

async function play(world: World, steps: readonly Step[], views: Views): Promise<{ clients: Client[]; gone: Client[] }> {
  const { messages, clock } = world;
  let clients: Client[] = [];
  const gone: Client[] = [];
  const places = new Map<string, Map<string, number>>();
  for (const one of steps) {
    if (one.do === 'post') for (let i = 0; i < one.times; i++) await messages.post(one.room, one.user, 'hello');
    if (one.do === 'postUnheard') messages.postUnheard(one.room, one.user, 'hello');
    if (one.do === 'member') {
      if (messages.isMember(one.room, one.user)) views.removed(one.room, one.user, await messages.remove(one.room, one.user));
      else {
        views.joined(one.room, one.user, one.history === 'all' ? 0 : messages.events(one.room).length);
        await messages.join(one.room, one.user, one.history);
      }
    }
    if (one.do === 'connect' && clients.length < 6) {
      const client = world.connect(one.user);
      clients.push(client);
      void client.resume(one.keep ? places.get(one.user) : undefined);
    }
    const nth = 'nth' in one ? clients[one.nth % Math.max(1, clients.length)] : undefined;
    if (one.do === 'disconnect' && nth !== undefined) {
      places.set(nth.user, new Map(nth.places));
      nth.close();
      gone.push(nth);
      clients = clients.filter((client) => client !== nth);
    }
    if (one.do === 'slow') nth?.socket.slow(one.on);
    if (one.do === 'away') messages.failing = one.on ? new ParleyError('unavailable') : null;
    if (one.do === 'late') loop.ms = one.ms;
    if (one.do === 'advance') await clock.advance(one.ms);
  }
  return { clients, gone };
}

const FATES: Fate[] = ['pass', 'pass', 'pass', 'lose', 'double', 'late'];

test('every attached socket sees exactly its contiguous view and nothing after a removal', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 60, maxLength: 160, size: 'max' }), fc.integer(), async (steps, seed) => {
      const limits = { resumeEvents: 20, ringBytes: 1_500, usersMs: 2_000, lingerMs: 500, windowMs: Math.abs(seed) % 11 };
      const world = await createWorld(
        { limits, queue: { softBytes: 200, hardBytes: 600, ageMs: 1_000, stuckMs: 600_000 }, shedding: { calmSamples: 1 } },
        { loop },
      );
      const rng = createSeededRng(seed);
      world.fate = () => FATES[Math.floor(rng.random() * FATES.length)] as Fate;
      // Answers of messages are old by the time they arrive.
      world.messages.delay = () => new Promise((resolve) => world.clock.after(Math.floor(rng.random() ** 3 * 400), resolve));
      const views = new Views();
      loop.ms = 0;
      try {
        const { clients, gone } = await play(world, [...prelude, ...steps], views);
        world.fate = () => 'pass';
        world.messages.failing = null;
        loop.ms = 0;
        for (const client of clients) client.socket.slow(false);
        await world.clock.advance(20_000);
        for (const client of [...clients, ...gone]) {
          expect(client.wrong).toEqual([]);
          for (const { room, seq } of client.seen) expect(views.maySee(room, client.user, seq), `${client.user} saw ${seq}`).toBe(true);
        }
        for (const client of clients) {
          // A resume that was refused while messages was away left the socket outside: it must have got nothing.
          if (client.places.size === 0 && client.frames('state').length === 0 && client.frames('live').length === 0) continue;
          for (const room of ROOMS) {
            const expected = world.messages.isMember(room, client.user) ? world.messages.events(room).length : undefined;
            expect(client.places.get(room), `${client.user} in ${room}`).toBe(expected);
          }
        }
      } finally {
        const stopped = world.core.stop();
        await world.clock.advance(20_000);
        await stopped;
      }
    }),
    { numRuns: 200 },
  );
}, 60_000);
