// F1: kill -9 of a gateway's worker, of a whole gateway, and of a primary alone.
import type { Fault, Scene } from '../../fault.ts';
import { absences, firstAbsences, percentile } from '../../measure/spans.ts';
import { sleep } from '../../sleep.ts';

type Victim = 'worker' | 'whole' | 'primary';

export const gatewayKilled: Fault = {
  id: 'F1',
  name: 'kill -9 of a gateway worker, a whole gateway, a primary',
  async run(scene) {
    const since = performance.now();
    for (const victim of ['worker', 'whole', 'primary'] as const) {
      await kill(scene, victim);
      await sleep(scene.random.between(500, 1_500));
    }
    const people = [scene.load.owner, ...scene.load.people];
    const times = firstAbsences(people, since);
    scene.check(times.length > 0, 'nobody was cut off: the fault did not happen');
    scene.figure({ name: 'cut off', value: absences(people, since).length, unit: 'count' });
    scene.figure({ name: 'resume p50', value: percentile(times, 0.5), unit: 'ms' });
    scene.figure({ name: 'resume p99', value: percentile(times, 0.99), unit: 'ms', most: 3_000 });
    scene.figure({ name: 'cut off again within 30 s, resume max', value: Math.max(0, ...absences(people, since)), unit: 'ms' });
  },
};

async function kill({ cluster, random, step }: Scene, victim: Victim): Promise<void> {
  await cluster.status();
  const gateway = cluster.process(random.pick(['gateway-1', 'gateway-2']));
  const { pid } = gateway;
  const carrying = gateway.status.workers.filter(({ sockets }) => sockets > 0);
  step(`kill -9 ${gateway.name} (${victim})`);
  if (victim === 'worker') {
    const worker = random.pick(carrying.length > 0 ? carrying : gateway.status.workers);
    await gateway.kill(worker.slot);
    await workersReady(gateway, () => gateway.status.workers.every((one) => one.pid !== worker.pid));
    return;
  }
  await gateway.kill(victim === 'whole' ? undefined : 'primary');
  await workersReady(gateway, () => gateway.pid !== pid);
}

async function workersReady(gateway: ReturnType<Scene['cluster']['process']>, isNew: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    await gateway.ready();
    const { workers, ready } = gateway.status;
    if (ready && isNew() && workers.length > 0 && workers.every(({ state }) => state === 'ready')) return;
    await sleep(100);
  }
  throw new Error(`${gateway.name} does not come back.`);
}
