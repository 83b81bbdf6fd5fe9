// k6 run load/reconnect-storm.ts: cuts all sockets at once while others talk, and measures until each is back (signed in and resumed) and complete
// (has everything it missed), and what the others, who were not cut, felt of it. k6 can only close a socket, not break its wire.

import type { Member } from './lib/client/member.ts';
import { measure, thresholds } from './lib/counts.ts';
import { type Course, type Crowd, optionsFor, runCrowd, type Shape } from './lib/crowd.ts';
import { type Seeded, seed } from './lib/people.ts';
import { COMMON, type SummaryData, summarise } from './lib/report.ts';
import { type Env, readSettings } from './lib/settings.ts';
import { spread, talkAtRate } from './lib/talk.ts';

declare const __ENV: Env;

const specs = {
  PEOPLE: { default: 100, min: 10, max: 10_000, what: 'people' },
  DEVICES: { default: 3, min: 1, max: 50, what: 'sockets of each person' },
  ROOMS: { default: 10, min: 1, max: 1_000, what: 'rooms; each person is in two' },
  RATE: { default: 10, min: 0.1, max: 1_000, kind: 'rate', what: 'lines a second, before, while and after they are cut' },
  STORMS: { default: 2, min: 1, max: 100, what: 'how often all are cut' },
  EVERY: { default: 15, min: 5, max: 600, kind: 'seconds', what: 'time from one storm to the next' },
  SPREAD: { default: 1, min: 0, max: 60, kind: 'seconds', what: 'they come back within this time, each at a time of its own' },
  BACK: { default: 15, min: 1, max: 600, kind: 'seconds', what: 'the last must be back and complete after this' },
  OTHERS_PERCENT: { default: 10, min: 0, max: 50, what: 'part of the people that is not cut' },
  ...COMMON,
} as const;
const settings = readSettings(__ENV, specs);
const shape: Shape = { people: settings.PEOPLE, devices: settings.DEVICES, seconds: settings.EVERY * (settings.STORMS + 1) };

export const options = optionsFor(shape, thresholds({ parley_complete_ms: [`max<=${settings.BACK * 1_000}`], parley_reconnected: ['count>0'] }));

export const setup = (): Seeded => seed(settings.PEOPLE, spread(settings.PEOPLE, settings.ROOMS, 2));

/** Who is left alone: the first of each VU's people, with all their devices. */
const others = new Set<Member>();

const talk: Course['talk'] = (crowd: Crowd) => {
  const alone = Math.ceil((crowd.people.length * settings.OTHERS_PERCENT) / 100);
  for (const member of crowd.members.slice(0, alone * settings.DEVICES)) others.add(member);
  const storms = Array.from({ length: settings.STORMS }, (_, storm) =>
    setTimeout(
      () => {
        for (const member of crowd.members) if (!others.has(member)) member.cut(Math.random() * settings.SPREAD * 1_000);
      },
      crowd.talkAt + (storm + 1) * settings.EVERY * 1_000 - Date.now(),
    ),
  );
  const quiet = talkAtRate(crowd, settings.RATE);
  return () => {
    quiet();
    for (const storm of storms) clearTimeout(storm);
  };
};

const delivered = (member: Member, ms: number, now: number): void => {
  if (others.has(member)) measure('others_deliver_ms', ms, now);
};

export default (seeded: Seeded): void => runCrowd(seeded, { shape, talk, hooks: { delivered }, shown: ['cut', 'caught_up', 'reset', 'connect_failed'] });

export const handleSummary = (data: SummaryData): Record<string, string> => {
  const sockets = settings.PEOPLE * settings.DEVICES;
  const what = `${sockets} sockets of ${settings.PEOPLE} people, ${100 - settings.OTHERS_PERCENT} % of them cut ${settings.STORMS} times at once; back within ${settings.SPREAD} s each, complete within ${settings.BACK} s.`;
  return summarise({ scenario: 'reconnect-storm', what, specs, settings }, data);
};
