// People on different gateways who write in rooms at a seeded rhythm, and the checker over all that they did and saw. Nothing is tried
// again here and nothing forgiven: a send that fails is a failure.
import { createChecker, type HistoryRecord, type Report } from '@parley/checker';
import { finalRecords, until } from '@parley/cli';
import { ParleyError } from '@parley/protocol';
import { createNetwork, type Network } from './network.ts';
import { createPerson, type Person } from './person.ts';
import type { Random } from './random.ts';
import type { Stage } from './stage.ts';

export interface LoadOptions {
  readonly people: number;
  readonly rooms: number;
  /** Messages a second, of all together. */
  readonly rate: number;
}

export interface Load {
  readonly owner: Person;
  readonly people: readonly Person[];
  readonly rooms: readonly string[];
  readonly network: Network;
  /** Indexes of the people in each room; the owner is in all. */
  readonly members: readonly ReadonlySet<number>[];
  readonly failures: readonly string[];
  /** Client ids in the order in which they were sent, with what was said. */
  readonly said: () => number;
  /** Says to the checker, before it is done, that this user is let into the room (again). */
  asked(room: string, user: string): void;
  begin(): void;
  /** Somebody says something beside the rhythm; resolves with its seq when it is committed. */
  say(person: Person, room: string, text: string): Promise<number>;
  /** No more is said; resolves when every send has its result. Rejects after `ms`. */
  end(ms: number): Promise<void>;
  /** At rest, judged. */
  judge(settleMs: number): Promise<Report>;
  close(): Promise<void>;
}

const inWords = (error: unknown): string =>
  error instanceof ParleyError ? `${error.code}: ${error.message}` : error instanceof Error ? error.message : String(error);

const ROOM_MS = 30_000;
const REGISTERING = 4;
let loads = 0;

export async function createLoad(stage: Stage, random: Random, options: LoadOptions): Promise<Load> {
  const { cluster, loadKey } = stage;
  const word = `${(++loads).toString(36)}${random.between(0, 0xffffff).toString(36)}`;
  const network = await createNetwork(cluster.gatewayUrls);
  const checker = createChecker();
  const record = (one: HistoryRecord): void => checker.add(one);
  const sentAt = new Map<string, number>();
  const failures: string[] = [];
  const fail = (what: string, error: unknown): void => void failures.push(`${what}: ${inWords(error)}`);

  const make = (index: number): Promise<Person> =>
    createPerson({
      url: cluster.url,
      loadKey,
      handle: `${index === 0 ? 'host' : `p${index}`}-${word}`,
      name: index === 0 ? 'Host' : `Person ${index}`,
      random: random.fork(`person ${index}`),
      network,
      firstGateway: cluster.gatewayUrls[index % cluster.gatewayUrls.length] ?? '',
      record,
      sentAt,
    });
  const all: Person[] = [];
  let next = 0;
  const registering = async (): Promise<void> => {
    for (let index = next++; index < options.people; index = next++) all[index] = await make(index);
  };
  await Promise.all(Array.from({ length: REGISTERING }, registering));
  const [owner, ...people] = all;
  if (owner === undefined) throw new Error('Nobody is there.');

  // The first room holds everybody, each other about half.
  const members = Array.from({ length: options.rooms }, (_, room) => new Set([...people.keys()].filter(() => room === 0 || random.next() < 0.5)));
  const rooms = await Promise.all(
    members.map((inside, index) =>
      makeRoom(
        owner,
        [...inside].flatMap((one) => people[one] ?? []),
        `${word}-${index}`,
      ),
    ),
  );

  let over = false;
  let said = 0;
  const open = new Set<Promise<unknown>>();
  const say = (person: Person, room: string, text: string): Promise<number> => {
    said++;
    // In every text, so that the checker finds it where it must not be.
    const sent = person.parley.room(room).send(`canary-${room} ${text}`);
    const settled = sent.then(
      () => {},
      (error: unknown) => fail(`a message of ${person.handle}`, error),
    );
    open.add(settled);
    void settled.then(() => open.delete(settled));
    return sent.then((result) => result.seq ?? -1);
  };
  const talk = async (person: Person, where: readonly string[], rhythm: Random): Promise<void> => {
    const mean = (1000 * all.length) / options.rate;
    for (let line = 1; ; line++) {
      await new Promise((resolve) => setTimeout(resolve, rhythm.gap(mean)));
      if (over) return;
      void say(person, rhythm.pick(where), `line ${line} of ${person.handle}`).catch(() => {});
    }
  };
  return {
    owner,
    people,
    rooms,
    network,
    members,
    failures,
    said: () => said,
    asked: (room, user) => record({ t: performance.now(), asked: 'join', room, user }),
    begin() {
      void talk(owner, rooms, random.fork('host'));
      for (const [index, person] of people.entries()) {
        const where = rooms.filter((_, room) => members[room]?.has(index));
        void talk(person, where, random.fork(`talk ${index}`));
      }
    },
    say,
    async end(ms) {
      over = true;
      const late = Promise.withResolvers<'late'>();
      const timer = setTimeout(() => late.resolve('late'), ms);
      const rest = (async () => {
        while (open.size > 0) await Promise.all(open);
      })();
      if ((await Promise.race([rest, late.promise])) === 'late') fail('at the end', new Error(`${open.size} messages had no result after ${ms / 1000} s`));
      clearTimeout(timer);
    },
    async judge(settleMs) {
      for (const one of await finalRecords({ owner, actors: people, rooms, present: members, fail, settleMs })) checker.add(one);
      return checker.report();
    },
    async close() {
      over = true;
      await Promise.all(all.map(({ parley }) => parley.close()));
      await network.close();
    },
  };
}

async function makeRoom(owner: Person, inside: readonly Person[], name: string): Promise<string> {
  const { room } = await owner.parley.createRoom({ kind: 'channel', name, visibility: 'private', history: 'all', members: inside.map(({ user }) => user) });
  await Promise.all(
    [owner, ...inside].map(async ({ parley, handle }) => {
      await until(parley, () => parley.state.rooms.has(room), `${handle} in the room ${name}`, ROOM_MS);
      await parley.room(room).open();
    }),
  );
  return room;
}
