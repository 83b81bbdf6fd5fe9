// k6 run load/big-room.ts: one room with many members, a few of whom talk at a steady rate; everybody gets everything.

import { thresholds } from './lib/counts.ts';
import { type Course, optionsFor, runCrowd, type Shape } from './lib/crowd.ts';
import { type Seeded, seed } from './lib/people.ts';
import { COMMON, type SummaryData, summarise } from './lib/report.ts';
import { type Env, readSettings } from './lib/settings.ts';
import { talkAtRate } from './lib/talk.ts';

declare const __ENV: Env;

const specs = {
  PEOPLE: { default: 200, min: 2, max: 10_000, what: 'members of the room, each with one socket' },
  TALKERS: { default: 16, min: 1, max: 10_000, what: 'those of them who talk' },
  RATE: { default: 5, min: 0.1, max: 2_000, kind: 'rate', what: 'lines a second, of all together' },
  DURATION: { default: 30, min: 5, max: 86_400, kind: 'seconds', what: 'how long they talk' },
  ...COMMON,
} as const;
const settings = readSettings(__ENV, specs);
const shape: Shape = { people: settings.PEOPLE, seconds: settings.DURATION };

export const options = optionsFor(shape, thresholds({ parley_deliver_ms: ['p(99)<1000'] }));

export const setup = (): Seeded => seed(settings.PEOPLE, [Array.from({ length: settings.PEOPLE }, (_, person) => person)]);

const talk: Course['talk'] = (crowd) => talkAtRate(crowd, settings.RATE, crowd.members.slice(0, Math.ceil(settings.TALKERS / crowd.vus)));

export default (seeded: Seeded): void => runCrowd(seeded, { shape, talk });

export const handleSummary = (data: SummaryData): Record<string, string> => {
  const what = `One room of ${settings.PEOPLE}, ${settings.RATE} lines a second for ${settings.DURATION} s: ${Math.round(settings.PEOPLE * settings.RATE)} deliveries a second.`;
  return summarise({ scenario: 'big-room', what, specs, settings }, data);
};
