// k6 run load/many-rooms.ts: hundreds of small rooms at once, each with a little talk: what costs per room and not per message shows here.

import { thresholds } from './lib/counts.ts';
import { type Course, optionsFor, runCrowd, type Shape } from './lib/crowd.ts';
import { type Seeded, seed } from './lib/people.ts';
import { COMMON, type SummaryData, summarise } from './lib/report.ts';
import { type Env, readSettings } from './lib/settings.ts';
import { spread, talkAtRate } from './lib/talk.ts';

declare const __ENV: Env;

const specs = {
  ROOMS: { default: 200, min: 1, max: 10_000, what: 'rooms' },
  MEMBERS: { default: 10, min: 2, max: 1_000, what: 'members of each room' },
  ROOMS_EACH: { default: 10, min: 1, max: 200, what: 'rooms that each person is in' },
  RATE: { default: 50, min: 0.1, max: 5_000, kind: 'rate', what: 'lines a second, over all rooms' },
  DURATION: { default: 30, min: 5, max: 86_400, kind: 'seconds', what: 'how long they talk' },
  ...COMMON,
} as const;
const settings = readSettings(__ENV, specs);
const people = Math.max(settings.MEMBERS, Math.ceil((settings.ROOMS * settings.MEMBERS) / settings.ROOMS_EACH));
const shape: Shape = { people, seconds: settings.DURATION };

export const options = optionsFor(shape, thresholds({ parley_deliver_ms: ['p(99)<1000'] }));

export const setup = (): Seeded => seed(people, spread(people, settings.ROOMS, settings.ROOMS_EACH));

const talk: Course['talk'] = (crowd) => talkAtRate(crowd, settings.RATE);

export default (seeded: Seeded): void => runCrowd(seeded, { shape, talk });

export const handleSummary = (data: SummaryData): Record<string, string> => {
  const what = `${settings.ROOMS} rooms of ${settings.MEMBERS}, ${people} people, ${settings.RATE} lines a second over all for ${settings.DURATION} s.`;
  return summarise({ scenario: 'many-rooms', what, specs, settings }, data);
};
