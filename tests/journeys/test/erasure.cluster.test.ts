// Accounts are erased while the services that take part in it are killed: every erasure ends, whole, within a minute.
import type { Cluster } from '@parley/cli';
import { Sagas } from '@parley/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noCluster, type Person, startOwnCluster, type World, world } from '../src/index.ts';

const why = noCluster();
/** No erasure may take longer, whatever died (I15). */
const ENDS_MS = 60_000;

describe.skipIf(why !== null)(`an erasure in a cluster${why === null ? '' : ` (${why})`}`, () => {
  let cluster: Cluster;
  let here: World;
  let owner: Person;
  let room: string;

  beforeAll(async () => {
    const own = await startOwnCluster();
    cluster = own.cluster;
    here = world(cluster.url, await cluster.loadKey(), own.end);
    owner = await here.person('Owner');
    room = await here.channel(owner, []);
  }, 180_000);
  afterAll(() => here?.close(), 60_000);

  const open = async (): Promise<ReturnType<typeof Sagas.parse>['sagas']> =>
    Sagas.parse(
      await owner.parley.call('GET', '/api/sagas/accounts?open=true').catch(() => ({
        sagas: [{ saga: owner.user, kind: '', state: 'running', step: '', attempts: 0, reason: 'not answered', createdAt: 0, dueAt: 0, deadlineAt: 0 }],
      })),
    ).sagas;

  /** Somebody with something to erase in each service: words, an edit, a draft, a file. */
  async function somebody(name: string): Promise<{ person: Person; file: string }> {
    const person = await here.person(name);
    await owner.parley.room(room).add([person.user]);
    await person.sees('the room', () => person.parley.state.rooms.has(room));
    await person.parley.room(room).open();
    const { seq } = await person.parley.room(room).send(`canary of ${name}`);
    await person.parley.room(room).edit(seq as number, `canary of ${name} again`);
    const { id } = await person.parley.upload(room, new Blob(['canary in a file']), { name: 'canary.txt' });
    return { person, file: id };
  }

  it.each(['rooms', 'messages-1 messages-2', 'media', 'notifications', 'accounts', 'accounts rooms messages-1'])(
    'ends when %s is killed on its way',
    { timeout: 240_000 },
    async (names) => {
      const victims = names.split(' ');
      const { person, file } = await somebody(`gone-${victims.map((victim) => victim.at(0)).join('')}`);
      await person.parley.call('POST', '/api/me/erase', { password: person.password });
      for (const victim of victims) await cluster.process(victim).kill();
      await expect.poll(async () => (await open()).map(({ step, reason }) => `${step} ${reason}`), { timeout: ENDS_MS, interval: 250 }).toEqual([]);
      for (const victim of victims) await cluster.process(victim).ready();
      const kept = JSON.stringify(await owner.parley.call('GET', `/api/rooms/${room}/messages?before=1000000&limit=200`));
      expect(kept).not.toContain('canary of');
      await expect(owner.parley.call('GET', `/api/media/files/${file}/info`)).rejects.toMatchObject({ code: 'not_found' });
      const { people } = (await owner.parley.call('GET', `/api/people?ids=${person.user}`)) as { people: { name: string }[] };
      expect(people.map(({ name }) => name)).toEqual(['Deleted person']);
    },
  );
});
