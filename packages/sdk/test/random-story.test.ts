// One story told by chance: whatever the network does, the client ends where the server is, and never showed a thing out of order.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { settle } from './manual-clock.ts';
import { choices, ROOM } from './random-events.ts';
import { OTHER_ROOM, POST_BY_OTHER, world } from './world.ts';

test('whatever is lost, cut or refused: every event once and in order, and in the end what a fresh snapshot shows', async () => {
  const step = fc.record({ kind: fc.nat(11), pick: fc.nat(1), choice: choices(4), lose: fc.nat(3) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25, size: 'max' }), async (steps) => {
      const { clock, server, online, client } = world();
      server.addRoom(ROOM);
      server.addRoom(OTHER_ROOM);
      let parley = await online();
      const texts: string[] = [];
      await parley.room(ROOM).open();
      const sent: Promise<unknown>[] = [];
      for (const { kind, pick, choice, lose } of steps) {
        const id = pick === 0 ? ROOM : OTHER_ROOM;
        server.faults.loseEvent = (event) => lose > 0 && event.seq % (lose + 1) === 0;
        server.faults.loseState = kind === 10;
        server.faults.http = (_method, path) => (kind === 9 && path.startsWith('/api/rooms') ? 'cut' : undefined);
        if (kind === 0) server.cut();
        else if (kind === 1) {
          texts.push(`said ${texts.length}`);
          // Closing rejects what waits; the stored command goes on without its promise.
          sent.push(
            parley
              .room(id)
              .send(texts.at(-1)!)
              .catch((error: { code: string }) => expect(error.code).toBe('unavailable')),
          );
        } else if (kind === 2) parley.room(id).markRead();
        else if (kind === 3)
          await parley
            .room(id)
            .loadOlder()
            .catch(() => {});
        else if (kind === 4)
          void parley
            .room(OTHER_ROOM)
            .open()
            .catch(() => {});
        else if (kind === 5) await clock.advance(700);
        else if (kind === 7) {
          // Away, also in the middle of something, and back on the same storage.
          await parley.close();
          if (lose > 0) server.append(id, POST_BY_OTHER);
          parley = client();
          expect(await parley.restore()).toBe(true);
          void parley.connect().catch(() => {});
        }
        for (const one of choice) server.append(id, one);
        if (kind !== 6) await settle();
      }
      server.faults.loseEvent = () => false;
      server.faults.loseState = false;
      server.faults.http = () => undefined;
      // A last event in each room and a last change show every gap.
      await clock.advance(30_000);
      for (const id of [ROOM, OTHER_ROOM]) server.append(id, POST_BY_OTHER);
      server.change('pref:last', 1);
      await clock.advance(60_000);
      await Promise.all(sent);
      // As they were posted: by now they may have been edited.
      const posted = [ROOM, OTHER_ROOM].flatMap((id) => server.events(id)).map((event) => String((event.body as { text?: unknown }).text));
      expect(posted.filter((text) => text.startsWith('said')).sort()).toEqual([...texts].sort());
      for (const id of [ROOM, OTHER_ROOM]) {
        await parley.room(id).open();
        while (parley.state.rooms.get(id)!.more) await parley.room(id).loadOlder();
        const fresh = server.fresh(id, 1_000);
        const room = parley.state.rooms.get(id)!;
        expect(room.messages).toEqual(fresh.messages);
        expect(room.notices).toEqual(fresh.notices);
        expect([...room.members!.values()].sort((a, b) => (a.user < b.user ? -1 : 1))).toEqual(fresh.members);
        expect({ ...room.summary!, read: { ...room.read, n: 0 } }).toEqual({ ...fresh.room, read: { ...fresh.room.read, n: 0 } });
        // The runs that the observations tell: each begins at a snapshot and goes on without a hole.
        let at = 0;
        for (const one of parley.seen) {
          if (one.kind === 'snapshot' && one.room === id) {
            expect(one.seq).toBeGreaterThanOrEqual(at);
            at = one.seq;
          }
          if (one.kind === 'applied' && one.event.room === id) expect(one.event.seq).toBe(++at);
        }
        expect(at).toBe(server.events(id).length);
      }
      await parley.close();
    }),
    { numRuns: 40 },
  );
}, 60_000);
