// k6 run load/rolling-deploy.ts: people talk while you restart gateways, a service or the whole of Parley. Nothing may be lost; it counts the sends that
// had to be repeated, and measures how long everybody was away and how they were spread. Follows `bye`: who is told when to come back comes then.

import { thresholds } from './lib/counts.ts';
import { type Course, optionsFor, runCrowd, type Shape } from './lib/crowd.ts';
import { type Seeded, seed } from './lib/people.ts';
import { COMMON, type SummaryData, summarise } from './lib/report.ts';
import { type Env, readSettings } from './lib/settings.ts';
import { spread, talkAtRate } from './lib/talk.ts';

declare const __ENV: Env;

const specs = {
  PEOPLE: { default: 100, min: 2, max: 10_000, what: 'people, each with one socket' },
  ROOMS: { default: 10, min: 1, max: 1_000, what: 'rooms; each person is in two' },
  RATE: { default: 10, min: 0.1, max: 1_000, kind: 'rate', what: 'lines a second' },
  DURATION: { default: 180, min: 10, max: 86_400, kind: 'seconds', what: 'how long they talk: long enough for the restarts' },
  ...COMMON,
} as const;
const settings = readSettings(__ENV, specs);
const shape: Shape = { people: settings.PEOPLE, seconds: settings.DURATION };

export const options = optionsFor(shape, thresholds());

export const setup = (): Seeded => seed(settings.PEOPLE, spread(settings.PEOPLE, settings.ROOMS, 2));

const talk: Course['talk'] = (crowd) => {
  if (crowd.vu === 0) console.log(`Restart what you want to restart now: they talk for ${settings.DURATION} s.`);
  return talkAtRate(crowd, settings.RATE);
};

export default (seeded: Seeded): void => runCrowd(seeded, { shape, talk, shown: ['resent', 'caught_up', 'reset', 'connect_failed'] });

export const handleSummary = (data: SummaryData): Record<string, string> => {
  const back = data.metrics.parley_reconnected?.values.count ?? 0;
  const seen = back === 0 ? 'Nothing was restarted meanwhile.' : `Sockets came back ${back} times.`;
  const what = `${settings.PEOPLE} people in ${settings.ROOMS} rooms, ${settings.RATE} lines a second for ${settings.DURATION} s. ${seen}`;
  return summarise({ scenario: 'rolling-deploy', what, specs, settings }, data);
};
