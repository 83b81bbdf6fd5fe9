// Who says what, when: open loops (what is due is said whether or not Parley keeps up) at a steady rate, or at the rhythm of people.
import type { Member } from './client/member.ts';
import type { Crowd } from './crowd.ts';

const TICK_MS = 20;

export const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(Math.random() * from.length)];

/** Time to the next of something that happens every `meanMs` on the average, by chance. */
export const chance = (meanMs: number): number => -Math.log(1 - Math.random()) * meanMs;

/** A length that lines of chat have: most short, few long. */
export const someChars = (): number => Math.min(400, Math.round(20 + chance(45)));

/** `rate` lines a second over all VUs, each by one of `talkers` (of this VU; default everybody) in one of their rooms. Answers what ends it. */
export function talkAtRate(crowd: Crowd, rate: number, talkers: readonly Member[] = crowd.members, share = 1 / crowd.vus): () => void {
  let said = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((Date.now() - crowd.talkAt) / 1_000) * rate * share);
    for (; said < due; said++) {
      const member = talkers[said % Math.max(1, talkers.length)];
      const room = member === undefined ? undefined : pick(member.rooms);
      if (member !== undefined && room !== undefined) member.post(room, someChars());
    }
  }, TICK_MS);
  return () => clearInterval(timer);
}

const THINK_MS = { perChar: 40, least: 500, most: 6_000 } as const;

/** Each of `talkers` types, says a line, reads, and does something else for `everyMs` on the average. Answers what ends it. */
export function talkLikePeople(talkers: readonly Member[], everyMs: number): () => void {
  const timers = new Map<Member, ReturnType<typeof setTimeout>>();
  const marks = new Map<string, number>();
  const later = (member: Member, ms: number, what: () => void): void => {
    timers.set(member, setTimeout(what, ms));
  };
  const next = (member: Member): void =>
    later(member, chance(everyMs), () => {
      const room = pick(member.rooms);
      if (room === undefined) return;
      const chars = someChars();
      const n = (marks.get(`${member.name} ${room}`) ?? 0) + 1;
      marks.set(`${member.name} ${room}`, n);
      member.read(room, n);
      member.typing(room, true);
      later(member, Math.min(THINK_MS.most, THINK_MS.least + chars * THINK_MS.perChar), () => {
        member.typing(room, false);
        member.post(room, chars);
        next(member);
      });
    });
  for (const member of talkers) next(member);
  return () => {
    for (const timer of timers.values()) clearTimeout(timer);
  };
}

/** `rooms` rooms, each person in `each` of them, spread evenly; nobody is twice in one. */
export function spread(people: number, rooms: number, each: number): number[][] {
  const members = Array.from({ length: rooms }, (): number[] => []);
  for (let person = 0; person < people; person++) {
    const step = Math.max(1, Math.floor(rooms / each));
    for (let turn = 0; turn < Math.min(each, rooms); turn++) members[(person + turn * step) % rooms]?.push(person);
  }
  return members.filter((room) => room.length > 0);
}
