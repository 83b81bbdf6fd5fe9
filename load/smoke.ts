// k6 run load/smoke.ts: is this Parley well, and is nothing lost? PEOPLE sockets in one room, each says LINES lines, four a second; every socket must
// get every line once, in the room's order. Ends within a minute with its defaults.

import { thresholds } from './lib/counts.ts';
import { type Course, optionsFor, runCrowd, type Shape } from './lib/crowd.ts';
import { type Seeded, seed } from './lib/people.ts';
import { COMMON, type SummaryData, summarise } from './lib/report.ts';
import { type Env, readSettings } from './lib/settings.ts';

declare const __ENV: Env;

const specs = {
  PEOPLE: { default: 20, min: 1, max: 200, what: 'people in the room' },
  LINES: { default: 20, min: 1, max: 500, what: 'lines that each of them says' },
  ...COMMON,
} as const;
const settings = readSettings(__ENV, specs);
const { PEOPLE, LINES } = settings;
const EVERY_MS = 250;
const shape: Shape = { people: PEOPLE, seconds: Math.ceil((LINES * EVERY_MS) / 1_000) + 1 };

export const options = optionsFor(shape, thresholds({ parley_delivered: [`count==${PEOPLE * PEOPLE * LINES}`], parley_deliver_ms: ['p(99)<1000'] }));

export const setup = (): Seeded => seed(PEOPLE, [Array.from({ length: PEOPLE }, (_, person) => person)]);

const talk: Course['talk'] = ({ members }) => {
  let said = 0;
  const timer = setInterval(() => {
    if (said++ < LINES) for (const member of members) member.post(member.rooms[0] as string);
  }, EVERY_MS);
  return () => clearInterval(timer);
};

export default (seeded: Seeded): void => runCrowd(seeded, { shape, talk });

export const handleSummary = (data: SummaryData): Record<string, string> =>
  summarise({ scenario: 'smoke', what: `${PEOPLE} people, ${LINES} lines each; every line must reach every socket once, in order.`, specs, settings }, data);
