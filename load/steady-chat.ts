// k6 run load/steady-chat.ts: many rooms in which people talk at a human rhythm: they read, type, say a line, and are silent for a while.

import { thresholds } from './lib/counts.ts';
import { type Course, optionsFor, runCrowd, type Shape } from './lib/crowd.ts';
import { type Seeded, seed } from './lib/people.ts';
import { COMMON, type SummaryData, summarise } from './lib/report.ts';
import { type Env, readSettings } from './lib/settings.ts';
import { spread, talkLikePeople } from './lib/talk.ts';

declare const __ENV: Env;

const specs = {
  PEOPLE: { default: 100, min: 2, max: 10_000, what: 'people, each with one socket' },
  ROOMS: { default: 20, min: 1, max: 5_000, what: 'rooms' },
  ROOMS_EACH: { default: 3, min: 1, max: 100, what: 'rooms that each person is in' },
  EVERY: { default: 20, min: 1, max: 3_600, kind: 'seconds', what: 'time between two lines of one person, on the average' },
  DURATION: { default: 60, min: 5, max: 86_400, kind: 'seconds', what: 'how long they talk' },
  ...COMMON,
} as const;
const settings = readSettings(__ENV, specs);
const shape: Shape = { people: settings.PEOPLE, seconds: settings.DURATION };

export const options = optionsFor(shape, thresholds({ parley_deliver_ms: ['p(99)<1000'] }));

export const setup = (): Seeded => seed(settings.PEOPLE, spread(settings.PEOPLE, settings.ROOMS, settings.ROOMS_EACH));

const talk: Course['talk'] = ({ members }) => talkLikePeople(members, settings.EVERY * 1_000);

export default (seeded: Seeded): void => runCrowd(seeded, { shape, talk });

export const handleSummary = (data: SummaryData): Record<string, string> => {
  const what = `${settings.PEOPLE} people in ${settings.ROOMS} rooms, each says a line every ${settings.EVERY} s or so, for ${settings.DURATION} s.`;
  return summarise({ scenario: 'steady-chat', what, specs, settings }, data);
};
