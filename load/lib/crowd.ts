// The course of every run, the same in each VU: come in at a bounded pace, talk for a while, fall silent, wait until everybody has everything, count
// what is missing, go. Each VU holds its share of the people, on one event loop; bounded in time whatever Parley does.
import type { MyRooms } from '@parley/protocol';
import exec from 'k6/execution';
import type { Options } from 'k6/options';
import { Member, type MemberHooks } from './client/member.ts';
import { Person } from './client/person.ts';
import { ALWAYS_SHOWN, type CountName, count, flushCounts } from './counts.ts';
import { watchGenerator } from './health.ts';
import type { Seeded } from './people.ts';
import { boundSockets, type Env, readSettings } from './settings.ts';

declare const __ENV: Env;

/** Settings that every scenario has, of the course. */
export const COURSE = {
  SETTLE: { default: 30, min: 2, max: 600, kind: 'seconds', what: 'how long at most is waited for the last deliveries' },
} as const;
const { SETTLE } = readSettings(__ENV, COURSE);

export interface Shape {
  readonly people: number;
  /** Sockets of each person. Default 1. */
  readonly devices?: number;
  /** How long they talk. */
  readonly seconds: number;
  /** What the scenario does after that takes this long at most. Default 0. */
  readonly afterSeconds?: number;
  /** Default: one for each ten people, 8 at most: k6 runs each on one core. */
  readonly vus?: number;
}

/** Sockets opened in a second, by all VUs. */
const OPENED_A_SECOND = 200;
const PAUSE_MS = 2_000;
const FLUSH_MS = 1_000;
const LOOK_MS = 500;
/** Heads that were the same this often, with everybody whole, are the last. A read that is not answered is asked again; the settling has its own end. */
const STABLE_LOOKS = 2;

const vusOf = (shape: Shape): number => shape.vus ?? Math.max(1, Math.min(8, Math.ceil(shape.people / 10)));
const socketsOf = (shape: Shape): number => shape.people * (shape.devices ?? 1);

/** k6's options: one long iteration for each VU. Throws when there would be more sockets than a run may have. */
export function optionsFor(shape: Shape, thresholds: Record<string, string[]>): Options {
  boundSockets(socketsOf(shape));
  const seconds = Math.ceil(socketsOf(shape) / OPENED_A_SECOND + PAUSE_MS / 1_000 + shape.seconds + SETTLE + (shape.afterSeconds ?? 0) + 15);
  return {
    scenarios: { people: { executor: 'per-vu-iterations', vus: vusOf(shape), iterations: 1, maxDuration: `${seconds}s`, gracefulStop: '0s' } },
    setupTimeout: `${60 + Math.ceil(shape.people / 4)}s`,
    thresholds: { ...thresholds, parley_finished: [`count==${vusOf(shape)}`] },
    batch: 20,
    batchPerHost: 12,
    summaryTrendStats: ['count', 'min', 'avg', 'p(50)', 'p(90)', 'p(95)', 'p(99)', 'max'],
  };
}

export interface Crowd {
  readonly members: readonly Member[];
  readonly people: readonly Person[];
  /** 0 for the first VU. */
  readonly vu: number;
  readonly vus: number;
  /** When talking begins and ends, ms since 1970: the same in all VUs. */
  readonly talkAt: number;
  readonly stopAt: number;
}

export interface Course {
  readonly shape: Shape;
  readonly hooks?: MemberHooks;
  /** Called when talking begins; answers what ends it. */
  readonly talk: (crowd: Crowd) => () => void;
  /** Counts that belong into the report of this scenario though they are 0. */
  readonly shown?: readonly CountName[];
  /** Called when everything has settled, before everybody leaves. */
  readonly settled?: (crowd: Crowd) => Promise<void> | void;
  /** Who comes in at the beginning. Default: everybody. */
  readonly entering?: (member: Member, index: number, members: readonly Member[]) => boolean;
}

/** One VU's part of a run: the body of a scenario's default function. */
export function runCrowd(seeded: Seeded, course: Course): void {
  const { shape } = course;
  const vus = vusOf(shape);
  const vu = exec.vu.idInTest - 1;
  const talkAt = seeded.at + (socketsOf(shape) / OPENED_A_SECOND) * 1_000 + PAUSE_MS;
  const people: Person[] = [];
  const members: Member[] = [];
  const roomsOf = new Map<number, string[]>();
  for (const { room, members: indices } of seeded.rooms) for (const index of indices) roomsOf.set(index, [...(roomsOf.get(index) ?? []), room]);
  for (let index = vu; index < seeded.people.length; index += vus) {
    const person = new Person(seeded.url, seeded.people[index] as Seeded['people'][number]);
    people.push(person);
    for (let device = 0; device < (shape.devices ?? 1); device++)
      members.push(new Member(person, `k6-${index}-${device}`, roomsOf.get(index) ?? [], course.hooks));
  }
  const crowd: Crowd = { members, people, vu, vus, talkAt, stopAt: talkAt + shape.seconds * 1_000 };
  const health = watchGenerator();
  const beat = setInterval(() => {
    for (const member of members) member.tick();
    flushCounts();
  }, FLUSH_MS);
  const entering = members.filter((member, index) => course.entering?.(member, index, members) ?? true);
  const span = Math.max(0, talkAt - PAUSE_MS - Date.now());
  for (const [index, member] of entering.entries()) setTimeout(() => member.enter(), (span * index) / entering.length);
  setTimeout(() => {
    const quiet = course.talk(crowd);
    setTimeout(() => {
      quiet();
      void settle(crowd, SETTLE * 1_000)
        .then(() => course.settled?.(crowd))
        .then(() => count('finished'))
        .catch((error: unknown) => console.error(`settling: ${String(error)}`))
        .then(() => {
          for (const member of members) member.leave();
          clearInterval(beat);
          health.stop();
          flushCounts([...ALWAYS_SHOWN, ...(course.shown ?? [])]);
        });
    }, crowd.stopAt - Date.now());
  }, talkAt - Date.now());
}

/** Waits until each member has everything up to the heads of their rooms, or the time is up, and counts what is missing then. */
async function settle(crowd: Crowd, mostMs: number): Promise<void> {
  const members = crowd.members.filter((member) => member.here);
  const until = Date.now() + mostMs;
  let heads = new Map<string, number>();
  let looks = 0;
  while (Date.now() < until && looks < STABLE_LOOKS) {
    await new Promise<void>((resolve) => setTimeout(() => resolve(), LOOK_MS));
    const silent = members.every((member) => member.outbox.size === 0);
    const now = silent ? await readHeads(members) : null;
    if (now === null) continue;
    const moved = [...now].some(([room, head]) => heads.get(room) !== head);
    heads = now;
    looks = !moved && members.every((member) => isWhole(member, heads)) ? looks + 1 : 0;
  }
  heads = (await readHeads(members)) ?? heads;
  for (const member of members) {
    for (const [room, place] of member.places) {
      // Without a head nobody knows what there was: then only holes are known.
      count('lost', place.lostAt(heads.get(room) ?? place.seq));
      count('gaps', place.gaps);
    }
    const left = member.outbox.left();
    count('lost', left.accepted);
    count('unanswered', left.unanswered);
    if (!member.online) count('away');
  }
  // Nothing can be said of what nobody could ask.
  if (members.length > 0 && heads.size === 0) count('unanswered');
}

/** Online, with everything up to the heads. */
const isWhole = (member: Member, heads: ReadonlyMap<string, number>): boolean =>
  member.online && [...member.places].every(([room, place]) => place.lostAt(heads.get(room) ?? place.seq) === 0);

/** The heads of all rooms of these members, asked by as few of them as can see all; null when Parley did not answer. */
async function readHeads(members: readonly Member[]): Promise<Map<string, number> | null> {
  const heads = new Map<string, number>();
  const asked = new Set<string>();
  const readers: Member[] = [];
  for (const member of members) {
    if (member.rooms.every((room) => asked.has(room))) continue;
    for (const room of member.rooms) asked.add(room);
    readers.push(member);
  }
  try {
    const answers = await Promise.all(readers.map((member) => member.person.get<typeof MyRooms._zod.output>('/api/me/rooms', '/api/me/rooms')));
    for (const answer of answers) {
      if (answer === null) return null;
      for (const { room, seq } of answer.rooms) heads.set(room, Math.max(seq, heads.get(room) ?? 0));
    }
    return heads;
  } catch {
    return null;
  }
}
