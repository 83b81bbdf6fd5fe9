// F13: a client that does not read, while its room is written to in a hurry. It is shed, others do not feel it, and it is whole again afterwards.
import type { Fault, Scene } from '../../fault.ts';
import { delaysIn, percentile } from '../../measure/spans.ts';
import { sleep, until } from '../../sleep.ts';
import { bareSocket, followRooms, stopReading, tokenOf } from '../../world/bare-socket.ts';
import type { Line } from '../../world/network.ts';

/** Its pings are not answered: 8 s between them and 6 s of patience. That it falls behind long before (1 MiB) costs it nothing by itself. */
const SHED_MS = 16_000;
const WHOLE_MS = 30_000;
const TEXT = 'x'.repeat(3_500);
const EVERY_MS = 20;
const LOOK_MS = 250;
/** +10 % is not to be measured in so short a run on a shared machine; this is what would be felt. */
const OTHERS_P99_MS = 1_000;

export const slowClient: Fault = {
  id: 'F13',
  name: 'a client that never reads',
  async run(scene) {
    const { stage, cluster, load, random, step, figure, check } = scene;
    const deaf = random.pick(load.people);
    const others = [load.owner, ...load.people].filter((one) => one !== deaf);
    const room = load.rooms[0] ?? '';
    const before = await socketsNow(cluster);
    const socket = await bareSocket(random.pick(cluster.gatewayUrls), await tokenOf(stage, random.pick(load.people)));
    await followRooms(socket, load.owner, load.rooms.slice(0, 1));
    check((await socketsNow(cluster)) === before + 1, 'the socket that will not read is not there');
    const line = await lineOf(scene, deaf.parley);
    const began = performance.now();
    step(`a socket and ${deaf.handle} stop reading`);
    stopReading(socket);
    line.stall();
    let bytes = 0;
    let shedAt: number | null = null;
    let looked = began;
    while (shedAt === null && performance.now() - began < SHED_MS) {
      void load.say(random.pick(others), room, TEXT).catch(() => {});
      bytes += TEXT.length;
      await sleep(EVERY_MS);
      if (performance.now() - looked < LOOK_MS) continue;
      looked = performance.now();
      // The other one has noticed by itself and come back: then it is counted once.
      if ((await socketsNow(cluster)) <= before && deaf.parley.state.status === 'online') shedAt = performance.now();
    }
    socket.disconnect();
    check(shedAt !== null, 'a socket that does not read was kept');
    figure({ name: 'shed after it stopped reading', value: Math.round((shedAt ?? performance.now()) - began), unit: 'ms', most: SHED_MS });
    figure({ name: 'written meanwhile for it', value: Math.round(bytes / 1024), unit: 'KiB', least: 1_024 });
    const noticed = deaf.away.at(-1);
    figure({ name: 'the SDK noticed that nothing comes', value: Math.round((noticed?.from ?? began + SHED_MS) - began), unit: 'ms', most: SHED_MS });
    figure({ name: 'others, send to seen p99', value: percentile(delaysIn(others, began, performance.now()), 0.99), unit: 'ms', most: OTHERS_P99_MS });
    const behind = others[0]?.parley.state.rooms.get(room)?.seq ?? 0;
    const whole = await until(() => (deaf.parley.state.rooms.get(room)?.seq ?? -1) >= behind, WHOLE_MS);
    figure({ name: 'whole again', value: whole ?? WHOLE_MS + 1, unit: 'ms', most: WHOLE_MS });
  },
};

const socketsNow = async (cluster: Scene['cluster']): Promise<number> =>
  (await cluster.status()).processes.flatMap(({ workers }) => workers).reduce((sum, { sockets }) => sum + sockets, 0);

/** The line of somebody is the one that is new when they come back. */
async function lineOf({ load }: Scene, parley: Scene['load']['owner']['parley']): Promise<Line> {
  const came = Promise.withResolvers<Line>();
  parley.disconnect();
  load.network.onLine(came.resolve);
  await parley.connect();
  load.network.onLine(null);
  return came.promise;
}
