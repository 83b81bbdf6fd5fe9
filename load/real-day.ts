// k6 run load/real-day.ts: a recorded conversation again, SPEED times as fast: who speaks when, and how much, is as it was; the words are not.
// RHYTHM names another recording (made by load/rhythm/make.ts). HISTORY=yes writes down what everybody did and saw, for load/rhythm/judge.ts.
import type { Member } from './lib/client/member.ts';
import { thresholds } from './lib/counts.ts';
import { type Course, optionsFor, runCrowd, type Shape } from './lib/crowd.ts';
import { type Seeded, seed } from './lib/people.ts';
import { COMMON, type SummaryData, summarise } from './lib/report.ts';
import { type Env, readSettings } from './lib/settings.ts';
import type { Rhythm } from './rhythm/make.ts';

declare const __ENV: Env;

const specs = {
  SPEED: { default: 120, min: 1, max: 10_000, kind: 'rate', what: 'how many times as fast as it was' },
  LINES: { default: 10_000, min: 2, max: 100_000, what: 'lines of the recording, from its beginning, at most' },
  MAX_SILENCE: { default: 60, min: 1, max: 86_400, kind: 'seconds', what: 'a longer silence of the recording is cut to this' },
  ...COMMON,
} as const;
const settings = readSettings(__ENV, specs);
const keeps = __ENV.HISTORY === 'yes';
/** What is judged is the world at rest, with everybody still there. */
let recording = keeps;

/** Lines with their seconds at this speed, silences cut. */
function planned(): { people: number; lines: (readonly [atMs: number, speaker: number, chars: number])[] } {
  const rhythm = JSON.parse(open(__ENV.RHYTHM ?? import.meta.resolve('./rhythm/day.json'))) as Rhythm;
  let at = 0;
  let before = rhythm.lines[0]?.[0] ?? 0;
  const lines = rhythm.lines.slice(0, settings.LINES).map(([seconds, speaker, chars]) => {
    at += Math.min(settings.MAX_SILENCE, seconds - before);
    before = seconds;
    return [(at * 1_000) / settings.SPEED, speaker, chars] as const;
  });
  return { people: Math.max(2, ...lines.map(([, speaker]) => speaker + 1)), lines };
}
const plan = planned();
const seconds = Math.max(5, Math.ceil((plan.lines.at(-1)?.[0] ?? 0) / 1_000) + 1);
const shape: Shape = { people: plan.people, seconds };

export const options = optionsFor(shape, thresholds({ parley_deliver_ms: ['p(99)<1000'] }));

export const setup = (): Seeded => seed(plan.people, [Array.from({ length: plan.people }, (_, person) => person)]);

const talk: Course['talk'] = (crowd) => {
  // Members are dealt out one by one: speaker n is member n / vus of VU n % vus.
  const timers = plan.lines
    .filter(([, speaker]) => speaker % crowd.vus === crowd.vu)
    .map(([atMs, speaker, chars]) => {
      const member = crowd.members[Math.floor(speaker / crowd.vus)] as Member;
      return setTimeout(() => member.post(member.rooms[0] as string, Math.min(chars, 2_000)), crowd.talkAt + atMs - Date.now());
    });
  return () => {
    for (const timer of timers) clearTimeout(timer);
  };
};

/** One record of the history that tests/checker judges, as a line. */
const write = (record: object): void => console.log(JSON.stringify(record));
const saw = (member: Member, observation: object): void => {
  if (recording) write({ t: Date.now(), client: member.name, user: member.person.user, saw: observation });
};

/** What Parley holds at the end: the room's whole log, and its members. */
const settled: Course['settled'] = async ({ members, vu }) => {
  const [reader] = members;
  const room = reader?.rooms[0];
  recording = false;
  if (!keeps || vu !== 0 || reader === undefined || room === undefined) return;
  const events: { seq: number }[] = [];
  for (let head = 1; (events.at(-1)?.seq ?? 0) < head; ) {
    const page = await reader.person.get<{ events: { seq: number }[]; head: number }>(
      `/api/rooms/${room}/events?after=${events.at(-1)?.seq ?? 0}&limit=500`,
      '/api/rooms/:id/events',
    );
    if (page === null || page.events.length === 0) return;
    events.push(...page.events);
    head = page.head;
  }
  const page = await reader.person.get<{ members: object[] }>(`/api/rooms/${room}/members?limit=1000`, '/api/rooms/:id/members');
  write({ final: 'room', room, history: 'all', events, members: page?.members ?? [] });
};

export default (seeded: Seeded): void => runCrowd(seeded, { shape, talk, settled, ...(keeps ? { hooks: { saw } } : {}) });

export const handleSummary = (data: SummaryData): Record<string, string> => {
  const what = `${plan.lines.length} lines of ${plan.people} people as they were said, ${settings.SPEED} times as fast, in ${seconds} s.`;
  return summarise({ scenario: 'real-day', what, specs, settings }, data);
};
