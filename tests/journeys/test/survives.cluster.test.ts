// A whole cluster of real processes on real engines: people on different gateways talk, while every kind of process is killed, stopped for a
// while and replaced under them. Nothing is lost, and no send fails.
import type { Cluster } from '@parley/cli';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstTo, noCluster, type Person, startOwnCluster, type World, world } from '../src/index.ts';

const why = noCluster();

describe.skipIf(why !== null)(`a cluster${why === null ? '' : ` (${why})`}`, () => {
  let cluster: Cluster;
  let here: World;
  let people: Person[];
  let room: string;
  const failed: unknown[] = [];

  beforeAll(async () => {
    const own = await startOwnCluster();
    cluster = own.cluster;
    here = world(cluster.url, await cluster.loadKey(), own.end);
    people = await Promise.all(['Ann', 'Ben', 'Cas', 'Dan'].map((name, index) => here.person(name, { fetch: firstTo(cluster.gatewayUrls[index % 2] ?? '') })));
    const [owner, ...members] = people as [Person, ...Person[]];
    room = await here.channel(owner, members);
  }, 180_000);
  afterAll(() => here?.close(), 60_000);

  /** Everybody talks all the time while `change` happens, and goes on for a while afterwards. */
  async function underLoad(change: () => Promise<void>, after = 5): Promise<void> {
    let over = false;
    let head = 0;
    const said = people.map(() => 0);
    const talking = people.map(async (person, index) => {
      for (let n = 0; !over; n++) {
        const sent = person.parley.room(room).send(`line ${n}`);
        await sent.then(({ seq = 0 }) => (head = Math.max(head, seq))).catch((error: unknown) => failed.push(error));
        said[index] = n + 1;
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    });
    try {
      await change();
      const before = [...said];
      await expect.poll(() => said.every((count, index) => count >= (before[index] ?? 0) + after), { timeout: 45_000 }).toBe(true);
    } finally {
      over = true;
      await Promise.all(talking);
    }
    for (const person of people) await person.sees('everything', () => person.roomState(room).seq >= head);
    expect(failed).toEqual([]);
  }

  const statusOf = async (name: string) => (await cluster.status()).processes.find((one) => one.name === name);
  const socketsOf = async (name: string): Promise<number> => (await statusOf(name))?.workers.reduce((sum, { sockets }) => sum + sockets, 0) ?? 0;

  it('carries people on different gateways, who see the same', async () => {
    expect([await socketsOf('gateway-1'), await socketsOf('gateway-2')]).toEqual([2, 2]);
    await underLoad(async () => {});
    const [ann, ben] = people as [Person, Person];
    expect(ben.texts(room)).toEqual(ann.texts(room));
  });

  it('goes on when a gateway’s worker is killed', async () => {
    const gateway = cluster.process('gateway-1');
    const carrying = gateway.status.workers.find(({ sockets }) => sockets > 0);
    expect(carrying).toBeDefined();
    await underLoad(() => gateway.kill(carrying?.slot));
    await gateway.ready();
    await expect.poll(async () => (await statusOf('gateway-1'))?.workers.filter(({ state }) => state === 'ready').length, { timeout: 20_000 }).toBe(2);
    expect(gateway.status.workers.map(({ pid }) => pid)).not.toContain(carrying?.pid);
    expect(gateway.status.restarts).toBe(0);
  });

  it('goes on when a gateway is killed whole, and when its primary is', async () => {
    const gateway = cluster.process('gateway-2');
    for (const part of [undefined, 'primary'] as const) {
      const { pid, restarts } = gateway.status;
      await underLoad(() => gateway.kill(part));
      await expect.poll(async () => ((await statusOf('gateway-2'))?.ready ?? false) && gateway.pid !== pid, { timeout: 30_000 }).toBe(true);
      expect(gateway.status.restarts).toBe(restarts + 1);
    }
  });

  it('goes on when one of two messages is killed, and when one is stopped for a while and wakes as a zombie', async () => {
    const [one, two] = [cluster.process('messages-1'), cluster.process('messages-2')];
    await underLoad(() => one.kill());
    await one.ready();
    await underLoad(async () => {
      await two.pause();
      expect(two.status.paused).toBe(true);
      // Longer than its group waits for it.
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      await two.resume();
    });
    await two.ready();
  });

  it('replaces every gateway under load', async () => {
    const before = (await cluster.status()).processes.flatMap(({ workers }) => workers.map(({ pid }) => pid));
    await underLoad(async () => {
      for (const name of ['gateway-1', 'gateway-2']) await cluster.process(name).restart();
    });
    const after = (await cluster.status()).processes.flatMap(({ workers }) => workers.map(({ pid }) => pid));
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    expect(after.length).toBe(4);
  });

  it('brings back whatever else is killed', async () => {
    const names = ['accounts', 'rooms', 'notifications', 'media', 'edge'];
    await underLoad(async () => {
      for (const name of names) await cluster.process(name).kill();
      for (const name of names) await cluster.process(name).ready();
    });
    expect((await cluster.status()).ready).toBe(true);
    await expect(cluster.process('edge').kill(7)).rejects.toThrow('no worker 7');
  });

  it('lost, doubled and reordered nothing, by the checker', async () => {
    const report = await here.judge(people[0] as Person, [room], people);
    expect(report.violations).toEqual([]);
    expect(report.counts.delivered).toBe(report.counts.expected);
    expect(report.counts.messages).toBeGreaterThan(200);
  });
});
