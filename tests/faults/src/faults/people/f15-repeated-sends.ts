// F15: what was accepted is sent again, up to five times, late and out of order, by sockets of the same people on every gateway, while
// connections are reset. Each is in the log once, where it was first.
import type { MemberCommand } from '@parley/protocol';
import type { Socket } from 'socket.io-client';
import type { Fault, Scene } from '../../fault.ts';
import { sleep } from '../../sleep.ts';
import { bareSocket, tokenOf } from '../../world/bare-socket.ts';
import type { Person } from '../../world/person.ts';

const FOR_MS = 6_000;
const LONG_MS = 60_000;
const MOST_REPEATS = 5;
const LATEST_MS = 2_000;
const REPEATERS = 6;

export const repeatedSends: Fault = {
  id: 'F15',
  name: 'duplicate, late and reordered sends on several gateways',
  async run(scene) {
    const { load, random, long, figure, check, step } = scene;
    const chosen = load.people.slice(0, REPEATERS);
    const echoes = await Promise.all(chosen.map((person) => socketsOf(scene, person)));
    const ends = performance.now() + (long ? LONG_MS : FOR_MS);
    const waiting: Promise<unknown>[] = [];
    let repeats = 0;
    let wrong = 0;
    for (const [index, person] of chosen.entries()) {
      const own = random.fork(`repeat ${index}`);
      person.onAccepted = (command) => {
        for (let n = own.between(0, MOST_REPEATS); n > 0; n--) {
          const socket = own.pick(echoes[index] ?? []);
          const ms = own.between(0, LATEST_MS);
          repeats++;
          waiting.push(
            sleep(ms).then(async () => {
              const answer = (await socket.timeout(10_000).emitWithAck('send', command satisfies MemberCommand)) as { ok?: boolean };
              if (answer.ok !== true) wrong++;
            }),
          );
        }
      };
    }
    step(`${REPEATERS} people repeat what they say`);
    while (performance.now() < ends) {
      await sleep(random.between(800, 1_500));
      random.pick(load.network.lines())?.cut();
    }
    for (const person of chosen) person.onAccepted = null;
    const settled = await Promise.allSettled(waiting);
    for (const socket of echoes.flat()) socket.disconnect();
    figure({ name: 'repeats', value: repeats, unit: 'count', least: 10 });
    figure({ name: 'repeats without an answer', value: settled.filter(({ status }) => status === 'rejected').length, unit: 'count' });
    check(wrong === 0, `${wrong} repeats of what was accepted were refused`);
  },
};

/** A socket on each gateway, of the same account, that knows no SDK. */
async function socketsOf({ cluster, stage }: Scene, person: Person): Promise<readonly Socket[]> {
  const token = await tokenOf(stage, person);
  return await Promise.all(cluster.gatewayUrls.map((url) => bareSocket(url, token)));
}
