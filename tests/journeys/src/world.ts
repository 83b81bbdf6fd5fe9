// The world of a journey: a real Parley, people with real clients on it, and the checker over everything they did and saw.
// PARLEY_TEST_URL with PARLEY_TEST_LOAD_KEY (and PARLEY_TEST_GATEWAYS, a comma list) names one that runs already, PARLEY_TEST_MODE=cluster starts a cluster of its own; without them
// it is one process in a folder of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createChecker, type Report, recorder } from '@parley/checker';
import { finalRecords, persist, startParley, until } from '@parley/cli';
import { createParley, type Parley, type ParleyOptions, type RoomState } from '@parley/sdk';
import { firstTo, startOwnCluster, wantsCluster } from './own-cluster.ts';

export interface Person {
  readonly handle: string;
  readonly password: string;
  readonly user: string;
  readonly parley: Parley;
  /** The state of a room as this client shows it. Throws when it is not there. */
  roomState(room: string): RoomState;
  /** Resolves when the test holds for this client's state. */
  sees(what: string, test: () => boolean, timeoutMs?: number): Promise<void>;
  /** Texts of the room as shown, in order. */
  texts(room: string): (string | null)[];
}

export interface World {
  readonly url: string;
  /** Registers and connects somebody. The first one owns a world that was started here. */
  person(name: string, options?: Partial<ParleyOptions>): Promise<Person>;
  /** Another client of the same account. */
  device(person: Person, options?: Partial<ParleyOptions>): Promise<Person>;
  /** A channel with these members, seen by all of them. */
  channel(owner: Person, members: readonly Person[], options?: { visibility?: 'public' | 'private'; history?: 'all' | 'since_join' }): Promise<string>;
  /** Everything at rest in these rooms, judged. */
  judge(owner: Person, rooms: readonly string[], members: readonly Person[]): Promise<Report>;
  close(): Promise<void>;
}

/** A client that was cut off more than once may wait 30 s before it looks again. */
const PATIENCE_MS = 45_000;
let counter = 0;

/** Handles are unique over all worlds, so that journeys can share a cluster. */
const unique = (name: string): string => `${name.toLowerCase()}-${process.pid}-${(counter++).toString(36)}${Date.now().toString(36).slice(-5)}`;

export async function openWorld(): Promise<World> {
  const given = process.env.PARLEY_TEST_URL;
  const gateways = (process.env.PARLEY_TEST_GATEWAYS ?? '').split(',').filter(Boolean);
  if (given !== undefined) return world(given, process.env.PARLEY_TEST_LOAD_KEY, async () => {}, gateways);
  if (wantsCluster()) {
    const { cluster, end } = await startOwnCluster();
    return world(cluster.url, await cluster.loadKey(), end, cluster.gatewayUrls);
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-journey-'));
  const server = await startParley({ dataDir });
  const first = createParley({ url: server.url });
  await first.register({ handle: unique('operator'), password: 'correct horse battery' });
  const { key } = (await first.call('POST', '/api/load-keys', {})) as { key: string };
  await first.close();
  return world(server.url, key, async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
}

/** `gateways`: of a cluster; clients go to them in turn at first, so that people who meet are on different ones. */
export function world(url: string, loadKey: string | undefined, stop: () => Promise<void>, gateways: readonly string[] = []): World {
  const checker = createChecker();
  const open: Parley[] = [];

  const client = (handle: string, user: () => string, options: Partial<ParleyOptions>): Parley => {
    const record = recorder({ client: `${handle}#${open.length}`, user, now: () => performance.now() });
    const gateway = gateways[open.length % gateways.length];
    const first = gateway === undefined ? {} : { fetch: firstTo(gateway) };
    const parley = createParley({
      url,
      device: handle,
      ...first,
      observe: (saw) => checker.add(record(saw)),
      ...(loadKey === undefined ? {} : { loadKey }),
      ...options,
    });
    open.push(parley);
    return parley;
  };

  const asPerson = (parley: Parley, handle: string, password: string, user: string): Person => {
    const roomState = (room: string): RoomState => {
      const state = parley.state.rooms.get(room);
      if (state === undefined) throw new Error(`${handle} does not show the room ${room}`);
      return state;
    };
    return {
      handle,
      password,
      user,
      parley,
      roomState,
      sees: (what, test, timeoutMs = PATIENCE_MS) => until(parley, test, `${handle}: ${what}`, timeoutMs),
      texts: (room) => roomState(room).messages.map((message) => message.text),
    };
  };

  return {
    url,
    async person(name, options = {}) {
      const handle = unique(name);
      const password = `${handle} password`;
      let user = '';
      const parley = client(handle, () => user, options);
      user = (await persist(() => parley.register({ handle, name, password }))).user.id;
      await parley.connect();
      return asPerson(parley, handle, password, user);
    },
    async device(person, options = {}) {
      const parley = client(person.handle, () => person.user, options);
      await parley.login({ handle: person.handle, password: person.password });
      await parley.connect();
      return asPerson(parley, person.handle, person.password, person.user);
    },
    async channel(owner, members, options = {}) {
      const { room } = await owner.parley.createRoom({
        kind: 'channel',
        name: unique('room').slice(0, 40),
        visibility: options.visibility ?? 'private',
        history: options.history ?? 'all',
        members: members.map((member) => member.user),
      });
      for (const person of [owner, ...members]) {
        await person.sees('the new room', () => person.parley.state.rooms.has(room));
        await person.parley.room(room).open();
      }
      return room;
    },
    async judge(owner, rooms, members) {
      const failures: string[] = [];
      const actors = members.map((person, index) => ({
        parley: person.parley,
        user: person.user,
        client: `${person.handle}#${open.indexOf(person.parley)}`,
        index,
      }));
      const present = rooms.map((room) => new Set(actors.filter((actor) => actor.parley.state.rooms.has(room)).map((actor) => actor.index)));
      const records = await finalRecords({
        owner: { parley: owner.parley, user: owner.user, client: `${owner.handle}#${open.indexOf(owner.parley)}` },
        actors,
        rooms,
        present,
        fail: (what, error) => failures.push(`${what}: ${String(error)}`),
        settleMs: PATIENCE_MS,
      });
      for (const record of records) checker.add(record);
      const report = checker.report();
      if (failures.length > 0) throw new Error(failures.join('\n'));
      return report;
    },
    async close() {
      await Promise.all(open.map((parley) => parley.close()));
      await stop();
    },
  };
}
