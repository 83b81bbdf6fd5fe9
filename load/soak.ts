// k6 run load/soak.ts (DURATION=8h for a night): a steady load for long; sockets are dropped and come back now and then, tokens are renewed. Says whether
// deliveries at the end were as fast as at the beginning.
import { measure, thresholds } from './lib/counts.ts';
import { type Course, optionsFor, runCrowd, type Shape } from './lib/crowd.ts';
import { type Seeded, seed } from './lib/people.ts';
import { COMMON, type SummaryData, summarise } from './lib/report.ts';
import { type Env, readSettings } from './lib/settings.ts';
import { chance, pick, spread, talkAtRate } from './lib/talk.ts';

declare const __ENV: Env;

const specs = {
  PEOPLE: { default: 50, min: 2, max: 10_000, what: 'people, each with one socket' },
  ROOMS: { default: 10, min: 1, max: 1_000, what: 'rooms; each person is in two' },
  RATE: { default: 5, min: 0.1, max: 1_000, kind: 'rate', what: 'lines a second' },
  DROP_EVERY: { default: 120, min: 1, max: 86_400, kind: 'seconds', what: 'each socket is dropped once in this time, on the average' },
  DURATION: { default: 600, min: 10, max: 604_800, kind: 'seconds', what: 'how long they talk' },
  ...COMMON,
} as const;
const settings = readSettings(__ENV, specs);
const shape: Shape = { people: settings.PEOPLE, seconds: settings.DURATION };

export const options = optionsFor(shape, thresholds({ parley_deliver_ms: ['p(99)<1000'] }));

export const setup = (): Seeded => seed(settings.PEOPLE, spread(settings.PEOPLE, settings.ROOMS, 2));

/** Until when a delivery is of the first fifth, and from when it is of the last. */
let fifths: { readonly first: number; readonly last: number } | null = null;

const talk: Course['talk'] = (crowd) => {
  const fifth = (crowd.stopAt - crowd.talkAt) / 5;
  fifths = { first: crowd.talkAt + fifth, last: crowd.stopAt - fifth };
  let drop: ReturnType<typeof setTimeout>;
  const dropLater = (): void => {
    drop = setTimeout(
      () => {
        pick(crowd.members)?.cut(chance(1_000));
        dropLater();
      },
      chance((settings.DROP_EVERY * 1_000) / crowd.members.length),
    );
  };
  dropLater();
  const quiet = talkAtRate(crowd, settings.RATE);
  return () => {
    quiet();
    clearTimeout(drop);
  };
};

const delivered = (_member: unknown, ms: number, now: number): void => {
  if (fifths === null) return;
  if (now < fifths.first) measure('first_deliver_ms', ms, now);
  else if (now > fifths.last) measure('last_deliver_ms', ms, now);
};

export default (seeded: Seeded): void => runCrowd(seeded, { shape, talk, hooks: { delivered }, shown: ['cut', 'caught_up', 'reset'] });

export const handleSummary = (data: SummaryData): Record<string, string> => {
  const what = `${settings.PEOPLE} people in ${settings.ROOMS} rooms, ${settings.RATE} lines a second for ${settings.DURATION} s, each dropped every ${settings.DROP_EVERY} s or so.`;
  return summarise({ scenario: 'soak', what, specs, settings }, data);
};
