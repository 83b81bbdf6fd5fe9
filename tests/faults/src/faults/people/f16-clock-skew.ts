// F16: every process has a clock of its own: half a minute off either way and jumping, then messages by up to an hour. Order, leases and the life of tokens do not depend on it.
import { writeFileSync } from 'node:fs';
import { passingFolder } from '@parley/engines/testing';
import type { Fault } from '../../fault.ts';
import { watchAll, wrongPresence } from '../../measure/presence.ts';
import { delaysIn, percentile } from '../../measure/spans.ts';
import { faketimeLibrary } from '../../needs.ts';
import { sleep, until } from '../../sleep.ts';

const PROCESSES = ['accounts', 'rooms', 'messages-1', 'messages-2', 'notifications', 'media', 'gateway-1', 'gateway-2', 'edge'] as const;
const FOR_MS = 5_000;
const LONG_MS = 30_000;
const SEEN_P99_MS = 5_000;
const PRESENCE_MS = 20_000;
/** Half of what tokens bear (60 s) between who makes them and who reads them. */
const LITTLE_S = 30;
const HOUR_S = 3_600;

/** libfaketime looks into its file again after a second. */
const READ_AGAIN_MS = 1_500;

/** As the process itself has it. */
const clockOf = async (url: string): Promise<number> => Date.parse((await fetch(`${url}/health/live`)).headers.get('date') ?? '');

let folder = '';
const fileOf = (name: string): string => `${folder}/${name}`;
const setClock = (name: string, seconds: number): void => writeFileSync(fileOf(name), `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}\n`);

export const clockSkew: Fault = {
  id: 'F16',
  name: 'clocks that are off, and jump',
  needs: ['libfaketime'],
  stage: async (warm) => {
    folder = passingFolder('parley-fault-clocks-');
    for (const name of PROCESSES) setClock(name, 0);
    const library = faketimeLibrary() ?? '';
    return {
      engines: (await warm()).engines,
      envOf: Object.fromEntries(
        PROCESSES.map((name) => [name, { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: fileOf(name), FAKETIME_CACHE_DURATION: '1', DONT_FAKE_MONOTONIC: '1' }]),
      ),
    };
  },
  async run({ cluster, load, random, long, step, figure, check }) {
    const people = [load.owner, ...load.people];
    watchAll(people);
    const began = performance.now();
    const turn = (most: number, names: readonly string[]): void => {
      const clocks = names.map((name) => [name, random.between(-most, most)] as const);
      for (const [name, seconds] of clocks) setClock(name, seconds);
      step(clocks.map(([name, seconds]) => `${name} ${seconds} s`).join(', '));
    };
    for (let jump = 0; jump < 2; jump++) {
      turn(LITTLE_S, PROCESSES);
      await sleep(long ? LONG_MS : FOR_MS);
    }
    figure({ name: 'up to 30 s off: send to seen p99', value: percentile(delaysIn(people, began, performance.now()), 0.99), unit: 'ms', most: SEEN_P99_MS });
    // So far off they refuse each other's tokens, and that is meant: nothing may be lost or reordered by it.
    const hour = performance.now();
    turn(HOUR_S, ['messages-1', 'messages-2']);
    await sleep(READ_AGAIN_MS);
    const off = await clockOf(cluster.process('messages-1').status.url);
    check(Math.abs(off - Date.now()) > READ_AGAIN_MS * 2, 'the clocks were not turned');
    await sleep(long ? LONG_MS : FOR_MS);
    figure({ name: 'an hour off: send to seen p99', value: percentile(delaysIn(people, hour, performance.now()), 0.99), unit: 'ms' });
    for (const name of PROCESSES) setClock(name, 0);
    const right = await until(() => wrongPresence(people) === 0, PRESENCE_MS);
    check(right !== null, `presence was wrong for ${wrongPresence(people)} pairs`);
    figure({ name: 'presence right', value: right ?? PRESENCE_MS + 1, unit: 'ms', most: PRESENCE_MS });
  },
};
