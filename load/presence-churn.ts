// k6 run load/presence-churn.ts: some stay and watch, the others come and go; measures how soon the watchers are told, and at the end asks whether what
// they were told is so. Who goes is shown online for a grace of 10 s, so nobody stays away for less.
import type { Member } from './lib/client/member.ts';
import { count, measure, thresholds } from './lib/counts.ts';
import { type Course, optionsFor, runCrowd, type Shape } from './lib/crowd.ts';
import { type Seeded, seed } from './lib/people.ts';
import { COMMON, type SummaryData, summarise } from './lib/report.ts';
import { type Env, readSettings } from './lib/settings.ts';
import { chance, talkAtRate } from './lib/talk.ts';

declare const __ENV: Env;

const specs = {
  PEOPLE: { default: 100, min: 4, max: 5_000, what: 'people, each with one socket' },
  WATCHERS_PERCENT: { default: 20, min: 1, max: 90, what: 'part of them who stay, talk and watch; each watches those of the same VU, 1,000 at most' },
  UP: { default: 8, min: 1, max: 3_600, kind: 'seconds', what: 'how long somebody stays, on the average' },
  DOWN: { default: 5, min: 0, max: 3_600, kind: 'seconds', what: 'how long somebody is away beyond 12 s, on the average' },
  RATE: { default: 2, min: 0.1, max: 1_000, kind: 'rate', what: 'lines a second, of the watchers' },
  DURATION: { default: 60, min: 15, max: 86_400, kind: 'seconds', what: 'how long they come and go' },
  ...COMMON,
} as const;
const settings = readSettings(__ENV, specs);
const shape: Shape = { people: settings.PEOPLE, seconds: settings.DURATION, afterSeconds: 25 };

const AWAY_LEAST_MS = 12_000;
/** Offline must be told within this, with the grace; what is not told then is wrong. */
const TOLD_MS = 22_000;
const WATCHED_MOST = 1_000;

export const options = optionsFor(
  shape,
  thresholds({ parley_presence_wrong: ['count==0'], parley_presence_on_ms: ['p(95)<5000'], parley_presence_off_ms: ['p(95)<20000'] }),
);

export const setup = (): Seeded => seed(settings.PEOPLE, [Array.from({ length: settings.PEOPLE }, (_, person) => person)]);

/** When somebody came (positive) or went (negative), and what each watcher was told last. */
const changedAt = new Map<string, { online: boolean; at: number }>();
const told = new Map<Member, Map<string, boolean>>();
let watched: string[] = [];

const hooks: Course['hooks'] = {
  online: (member) => {
    if (told.has(member)) member.watch(watched);
    else changedAt.set(member.person.user, { online: true, at: Date.now() });
  },
  presence: (watcher, list) => {
    const known = told.get(watcher);
    for (const { user, state } of list) {
      const online = state === 'online';
      const change = changedAt.get(user);
      if (known === undefined || known.get(user) === online) continue;
      // The first is how it was; changes are measured.
      if (known.has(user) && change?.online === online) {
        count('presence_seen');
        measure(online ? 'presence_on_ms' : 'presence_off_ms', Date.now() - change.at);
      }
      known.set(user, online);
    }
  },
};

const watchersOf = (members: readonly Member[]): number => Math.max(1, Math.floor((members.length * settings.WATCHERS_PERCENT) / 100));

const talk: Course['talk'] = (crowd) => {
  const watchers = crowd.members.slice(0, watchersOf(crowd.members));
  const churners = crowd.members.slice(watchers.length, watchers.length + WATCHED_MOST);
  watched = churners.map((member) => member.person.user);
  for (const watcher of watchers) {
    told.set(watcher, new Map());
    if (watcher.online) watcher.watch(watched);
  }
  const timers = new Map<Member, ReturnType<typeof setTimeout>>();
  const come = (member: Member): void => {
    member.enter();
    timers.set(
      member,
      setTimeout(() => go(member), 1_000 + chance(settings.UP * 1_000)),
    );
  };
  const go = (member: Member): void => {
    if (member.online) changedAt.set(member.person.user, { online: false, at: Date.now() });
    member.leave();
    timers.set(
      member,
      setTimeout(() => come(member), AWAY_LEAST_MS + chance(settings.DOWN * 1_000)),
    );
  };
  for (const member of churners)
    timers.set(
      member,
      setTimeout(() => come(member), chance(settings.DOWN * 1_000)),
    );
  const quiet = talkAtRate(crowd, settings.RATE, watchers);
  return () => {
    quiet();
    for (const timer of timers.values()) clearTimeout(timer);
  };
};

const settled: Course['settled'] = async ({ members, stopAt }) => {
  await new Promise<void>((resolve) => setTimeout(() => resolve(), stopAt + TOLD_MS - Date.now()));
  for (const known of told.values()) {
    for (const member of members) {
      const { user } = member.person;
      if (watched.includes(user) && (known.get(user) ?? false) !== member.online) count('presence_wrong');
    }
  }
};

export default (seeded: Seeded): void =>
  runCrowd(seeded, {
    shape,
    talk,
    hooks,
    settled,
    shown: ['presence_wrong', 'presence_seen'],
    // Watchers come in; the others when their time has come.
    entering: (_member, index, members) => index < watchersOf(members),
  });

export const handleSummary = (data: SummaryData): Record<string, string> => {
  const what = `${settings.PEOPLE} people, ${100 - settings.WATCHERS_PERCENT} % of whom come and go for ${settings.DURATION} s, watched by the others.`;
  return summarise({ scenario: 'presence-churn', what, specs, settings }, data);
};
