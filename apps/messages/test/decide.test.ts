// Whatever is asked, in whatever batches: decide over the store says and keeps what the naive model says.
import type { ReadStateValue, RoomCommand } from '@parley/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPage } from '../src/http/read-history.ts';
import { batches, PEOPLE, ROOMS } from './random-commands.ts';
import { runBatches } from './run-batches.ts';
import { runModel } from './run-model.ts';

const property = (check: (groups: RoomCommand[][]) => Promise<void>) => fc.assert(fc.asyncProperty(batches, check), { numRuns: 150 });

/** A change beyond a gap is rightly taken when it comes again, so this property is about logs without one. */
function withoutGaps(groups: RoomCommand[][]): RoomCommand[][] {
  const last = new Map<string, number>();
  return groups.map((group) =>
    group.filter((command) => {
      if (command.type !== 'room.change') return true;
      const known = last.get(command.room) ?? 0;
      if (command.mver === known + 1) last.set(command.room, command.mver);
      return command.mver <= known + 1;
    }),
  );
}

describe('decide', () => {
  test('says the same results and keeps the same events as the naive model, however the commands fall into batches', () =>
    property(async (groups) => {
      const { store, told } = await runBatches(groups);
      const model = runModel(groups);
      expect(told).toEqual(model.told);
      for (const [room, naive] of model.rooms) {
        const { head, events } = await store.events(room, 0, 10_000);
        expect(events).toEqual(naive.redacted().map((event) => ({ ...event, room })));
        expect(head).toBe(naive.events.length);
      }
    }));

  test('one batch or one batch a command: the room is the same', () =>
    property(async (groups) => {
      const [together, apart] = [await runBatches([groups.flat()]), await runBatches(groups.flat().map((command) => [command]))];
      for (const room of ROOMS) expect(await together.store.events(room, 0, 10_000)).toEqual(await apart.store.events(room, 0, 10_000));
      expect(together.told).toEqual(apart.told);
      for (const user of PEOPLE) expect(await together.store.roomSummaries(user, null)).toEqual(await apart.store.roomSummaries(user, null));
      for (const room of ROOMS) {
        const user = PEOPLE[0] as string;
        expect(await readPage(together.store, user, room, { limit: 200 })).toEqual(await readPage(apart.store, user, room, { limit: 200 }));
      }
    }));

  test('the log taken twice changes nothing the second time', () =>
    property(async (given) => {
      const groups = withoutGaps(given);
      const once = await runBatches(groups);
      const twice = await runBatches([...groups, ...groups]);
      for (const room of ROOMS) expect(await twice.store.events(room, 0, 10_000)).toEqual(await once.store.events(room, 0, 10_000));
    }));

  test('unread is the recount over the events, for every member', () =>
    property(async (groups) => {
      const { store } = await runBatches(groups);
      const { rooms } = runModel(groups);
      for (const user of PEOPLE) {
        for (const summary of await store.roomSummaries(user, null)) {
          const read: ReadStateValue = summary.read;
          expect(read.unread).toBe(rooms.get(summary.room)?.unread(user, read.seq));
          expect(read.at).toBe(summary.seq);
        }
      }
    }));

  test('versions of everybody’s state are dense', () =>
    property(async (groups) => {
      const { store } = await runBatches(groups);
      for (const user of PEOPLE) {
        const [answer] = await store.sync([{ user, me: 0 }]);
        const vers = (answer?.me.changes ?? []).map((change) => change.ver);
        expect(new Set(vers).size).toBe(vers.length);
        expect(vers.at(-1) ?? 0).toBe(answer?.me.ver);
      }
    }));
});
