// The outbox against a gateway that loses, delays, repeats and reorders acks and results, cuts connections and refuses: each command
// ends in exactly one way, and what is committed is committed once, in the order in which it was sent.
import { type CommandResult, type ErrorBody, type MemberCommand, ParleyError } from '@parley/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createManualClock, settle } from '../../test/manual-clock.ts';
import { nextId } from '../../test/random-events.ts';
import type { Observation, OutboxEntry } from '../api.ts';
import { memoryStorage } from '../storage/memory-storage.ts';
import { createOutbox } from './outbox.ts';
import { OUTBOX_PREFIX } from './outbox-entry.ts';

const ROOMS = ['00000000-0000-7000-8000-0000000000b1', '00000000-0000-7000-8000-0000000000b2'] as const;
const post = (room: string, text: string): MemberCommand => ({ type: 'message.post', room, clientId: nextId(), body: { text } });

interface Settled {
  command: MemberCommand;
  outcomes: (CommandResult | ParleyError)[];
}

function harness(onAsk: (command: MemberCommand) => Promise<unknown>) {
  const clock = createManualClock();
  const storage = memoryStorage();
  const seen: Observation[] = [];
  const shown: { entries: readonly OutboxEntry[] } = { entries: [] };
  const errors: ErrorBody[] = [];
  const make = () =>
    createOutbox({
      storage,
      clock,
      newId: nextId,
      observe: (one) => seen.push(one),
      onChange: (entries) => {
        shown.entries = entries;
      },
      onError: (error) => errors.push(error),
    });
  const stored = async () => (await storage.list(OUTBOX_PREFIX)).map(([key]) => key.slice(OUTBOX_PREFIX.length));
  const request = async (_name: string, payload: unknown) => onAsk(payload as MemberCommand);
  return { clock, storage, seen, shown, errors, make, stored, request };
}

/** What the gateway and the log do with each frame, told by a list of numbers; when it has run out, everything goes well. */
function unreliable(fates: readonly number[]) {
  const log = new Map<string, string[]>();
  const results = new Map<string, CommandResult>();
  const publish: ((result: CommandResult) => void)[] = [];
  const parked: CommandResult[] = [];
  let at = 0;
  const failing = new Map<string, number>();
  const inFlight = new Map<string, number>();
  const append = (command: MemberCommand) => {
    const known = results.get(command.clientId);
    if (known !== undefined) return known;
    const rejected = command.type === 'message.post' && command.body.text.startsWith('bad');
    const room = log.get(command.room) ?? [];
    log.set(command.room, room);
    if (!rejected) room.push(command.clientId);
    const { clientId, room: id } = command;
    const result: CommandResult = rejected
      ? { room: id, clientId, status: 'rejected', code: 'forbidden' }
      : { room: id, clientId, status: 'committed', seq: room.length };
    results.set(clientId, result);
    return result;
  };
  const tell = (result: CommandResult) => {
    for (const one of publish) one(result);
  };
  const never = new Promise<never>(() => {});
  return {
    log,
    results,
    publish,
    /** Results that were held back come now, in another order. */
    late: () => {
      for (const result of parked.splice(0).reverse()) tell(result);
    },
    cut: { now: () => {} },
    async ask(command: MemberCommand, ended: Promise<never>, timeout: Promise<never>): Promise<unknown> {
      const { room } = command;
      const fate = fates[at++] ?? 0;
      inFlight.set(room, (inFlight.get(room) ?? 0) + 1);
      const failed = (failing.get(room) ?? 0) > 0;
      const done = async (answer: Promise<unknown>) => {
        try {
          return await Promise.race([answer, ended, timeout]);
        } finally {
          const left = (inFlight.get(room) ?? 1) - 1;
          inFlight.set(room, left);
          if (left === 0) failing.delete(room);
        }
      };
      const unavailable = { ok: false, error: { code: 'unavailable', message: 'x', retryAfterMs: 50 } };
      // One produce failed: everything queued behind it on this socket and room fails with it (pitfalls 19).
      if (failed) return done(Promise.resolve(unavailable));
      if (fate === 1) {
        failing.set(room, 1);
        return done(settle().then(() => unavailable));
      }
      if (fate === 2) return done(Promise.resolve({ ok: false, error: { code: 'slow_down', message: 'x', retryAfterMs: 20 } }));
      if (fate === 3) {
        this.cut.now();
        return done(never);
      }
      const result = append(command);
      if (fate === 4) return done(never);
      if (fate === 5) return done(Promise.resolve(unavailable));
      if (fate === 6) {
        this.cut.now();
        return done(never);
      }
      if (fate === 7) tell(result);
      else if (fate === 8) parked.push(result);
      else if (fate !== 9) void settle().then(() => tell(result));
      if (fate === 10) void settle().then(() => tell(result));
      return done(fate === 11 ? settle().then(() => ({ ok: true, status: 'accepted' })) : Promise.resolve({ ok: true, status: 'accepted' }));
    },
  };
}

describe('the outbox', () => {
  test('each command ends exactly once, and what is committed is in the order of sending', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(1), fc.nat(9)), { minLength: 1, maxLength: 14, size: 'max' }),
        fc.array(fc.nat(11), { maxLength: 30, size: 'max' }),
        fc.boolean(),
        async (sends, fates, together) => {
          const server = unreliable(fates);
          const all: Settled[] = [];
          let drop: (error: ParleyError) => void = () => {};
          let ended = new Promise<never>(() => {});
          const online = () => {
            ended = new Promise<never>((_, reject) => {
              drop = reject;
            });
            ended.catch(() => {});
            const mine = ended;
            const dropMine = drop;
            let dead = false;
            drop = (error) => {
              dead = true;
              dropMine(error);
            };
            outbox.online((_name, payload, timeoutMs) => {
              const timeout = new Promise<never>((_, reject) => void h.clock.after(timeoutMs, () => reject(new ParleyError('unavailable', 'timeout'))));
              timeout.catch(() => {});
              // Nothing reaches the server over a connection that was cut.
              if (dead) return mine;
              return server.ask(payload as MemberCommand, mine, timeout);
            });
          };
          const h = harness(async () => null);
          const outbox = h.make();
          server.publish.push((result) => outbox.result(result));
          server.cut.now = () => {
            outbox.online(null);
            drop(new ParleyError('unavailable', 'cut'));
            h.clock.after(100, online);
          };
          online();
          for (const [room, kind] of sends) {
            const one: Settled = { command: post(ROOMS[room]!, kind === 0 ? 'bad' : 'good'), outcomes: [] };
            all.push(one);
            outbox.send(one.command).then(
              (result) => one.outcomes.push(result),
              (error: ParleyError) => one.outcomes.push(error),
            );
            if (!together) await h.clock.advance(kind * 30);
          }
          for (let step = 0; step < 60; step++) {
            await h.clock.advance(5_000);
            server.late();
          }
          for (const { command, outcomes } of all) {
            expect(outcomes).toHaveLength(1);
            const truth = server.results.get(command.clientId);
            const outcome = outcomes[0]!;
            if (outcome instanceof ParleyError)
              expect(outcome.code === 'slow_down' ? (truth ?? 'none') : truth?.status).toBe(outcome.code === 'slow_down' ? 'none' : 'rejected');
            else expect(outcome).toEqual(truth);
          }
          for (const room of ROOMS) {
            const committed = new Set(server.log.get(room) ?? []);
            const sent = all.map(({ command }) => command).filter((command) => command.room === room && committed.has(command.clientId));
            expect(server.log.get(room) ?? []).toEqual(sent.map((command) => command.clientId));
          }
          const failed = all.filter(({ outcomes }) => outcomes[0] instanceof ParleyError).map(({ command }) => command.clientId);
          expect((await h.stored()).sort()).toEqual(failed.sort());
          expect(h.shown.entries.every((entry) => entry.state === 'failed')).toBe(true);
          expect(h.errors).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  test('a command is on disk before it is tried, and stays there until its result', async () => {
    const before: string[][] = [];
    const h = harness(async (command) => {
      before.push(await h.stored());
      expect(before.at(-1)).toContain(command.clientId);
      return { ok: true, status: 'accepted' };
    });
    const outbox = h.make();
    outbox.online(h.request);
    const command = post(ROOMS[0], 'hello');
    const sent = outbox.send(command);
    expect(h.shown.entries).toMatchObject([{ state: 'sending', clientId: command.clientId }]);
    await settle();
    expect(before).toHaveLength(1);
    expect(h.shown.entries).toMatchObject([{ state: 'accepted' }]);
    expect(await h.stored()).toEqual([command.clientId]);
    outbox.result({ room: ROOMS[0], clientId: command.clientId, status: 'committed', seq: 4 });
    expect(await sent).toMatchObject({ seq: 4 });
    await settle();
    expect(await h.stored()).toEqual([]);
  });

  test('a command that is not on disk yet is not tried, and nothing overtakes it', async () => {
    const asked: string[] = [];
    const h = harness(async (command) => {
      asked.push(command.clientId);
      return { ok: true, status: 'accepted' };
    });
    const commands = ['one', 'two', 'three'].map((text) => post(ROOMS[0], text)) as [MemberCommand, MemberCommand, MemberCommand];
    let written = () => {};
    const set = h.storage.set;
    h.storage.set = async (key, value) => {
      if (key.endsWith(commands[1].clientId)) {
        await new Promise<void>((resolve) => {
          written = resolve;
        });
      }
      await set(key, value);
    };
    const outbox = h.make();
    outbox.online(h.request);
    for (const command of commands) void outbox.send(command).catch(() => {});
    await settle();
    expect(asked).toEqual([commands[0].clientId]);
    written();
    await settle();
    expect(asked).toEqual(commands.map((command) => command.clientId));
  });

  test('a committed command stays in sight until the room has come to it', async () => {
    const h = harness(async () => ({ ok: true, status: 'accepted' }));
    const outbox = h.make();
    outbox.online(h.request);
    const command = post(ROOMS[0], 'hello');
    const sent = outbox.send(command);
    await settle();
    outbox.result({ room: ROOMS[0], clientId: command.clientId, status: 'committed', seq: 4 }, true);
    expect(await sent).toMatchObject({ seq: 4 });
    outbox.reached(ROOMS[0], 3);
    expect(h.shown.entries).toHaveLength(1);
    outbox.reached(ROOMS[0], 4);
    expect(h.shown.entries).toEqual([]);
    expect(await h.stored()).toEqual([]);
  });

  test('accepted without a result is sent again after 5 s and on each new connection, under the same id', async () => {
    const asked: string[] = [];
    const h = harness(async (command) => {
      asked.push(command.clientId);
      return { ok: true, status: 'accepted' };
    });
    const outbox = h.make();
    outbox.online(h.request);
    const command = post(ROOMS[0], 'hello');
    void outbox.send(command);
    await h.clock.advance(4_900);
    expect(asked).toHaveLength(1);
    await h.clock.advance(200);
    expect(asked).toHaveLength(2);
    outbox.online(null);
    await h.clock.advance(60_000);
    expect(asked).toHaveLength(2);
    outbox.online(h.request);
    await settle();
    expect(asked).toEqual([command.clientId, command.clientId, command.clientId]);
    expect(h.seen.filter((one) => one.kind === 'invoke').map((one) => one.attempt)).toEqual([1, 2, 3]);
  });

  test('another process that finds the storage sends what was not decided, and leaves what had failed', async () => {
    const h = harness(async (command) =>
      command.type === 'message.post' && command.body.text === 'big' ? { ok: false, error: { code: 'too_large', message: 'x' } } : null,
    );
    const first = h.make();
    first.online(h.request);
    const [big, lost] = [post(ROOMS[0], 'big'), post(ROOMS[0], 'lost')];
    await expect(first.send(big)).rejects.toMatchObject({ code: 'too_large' });
    void first.send(lost).catch(() => {});
    await settle();
    const asked: string[] = [];
    const second = h.make();
    await second.load();
    expect(h.shown.entries.map((entry) => entry.state)).toEqual(['failed', 'sending']);
    second.online(async (_name, payload) => {
      asked.push((payload as MemberCommand).clientId);
      return { ok: true, status: 'accepted' };
    });
    await settle();
    expect(asked).toEqual([lost.clientId]);
    second.retry(big.clientId);
    await settle();
    expect(asked).toEqual([lost.clientId, big.clientId]);
  });

  test('files that are on the server already go with their message after a reload, without words too', async () => {
    const asked: MemberCommand[] = [];
    const h = harness(async (command) => {
      asked.push(command);
      return { ok: true, status: 'accepted' };
    });
    const attachments = [{ id: nextId(), name: 'a.png', type: 'image/png', bytes: 3, width: 4, height: 5 }];
    const command: MemberCommand = { type: 'message.post', room: ROOMS[0], clientId: nextId(), body: { text: '', attachments } };
    const first = h.make();
    first.send(command).catch(() => {});
    await settle();
    first.end(new ParleyError('unavailable', 'The page was closed.'), false);
    const second = h.make();
    await second.load();
    second.online(h.request);
    await settle();
    expect(asked).toEqual([command]);
    second.end(new ParleyError('unavailable', 'The page was closed.'), false);
  });

  test('a rejected command is tried again under a new id only', async () => {
    const asked: string[] = [];
    const h = harness(async (command) => {
      asked.push(command.clientId);
      return { ok: true, status: 'accepted' };
    });
    const outbox = h.make();
    outbox.online(h.request);
    const command = post(ROOMS[0], 'hello');
    const sent = outbox.send(command);
    await settle();
    outbox.result({ room: ROOMS[0], clientId: command.clientId, status: 'rejected', code: 'room_archived' });
    await expect(sent).rejects.toMatchObject({ code: 'room_archived' });
    outbox.retry(command.clientId);
    await settle();
    expect(asked).toHaveLength(2);
    expect(asked[1]).not.toBe(command.clientId);
    expect(h.shown.entries).toHaveLength(1);
  });

  test('a repeat that is refused is not called failed at once: an earlier try may have been taken', async () => {
    let tries = 0;
    const h = harness(async () =>
      ++tries === 1 ? { ok: false, error: { code: 'unavailable', message: 'x' } } : { ok: false, error: { code: 'not_member', message: 'x' } },
    );
    const outbox = h.make();
    outbox.online(h.request);
    const sent = outbox.send(post(ROOMS[0], 'hello'));
    sent.catch(() => {});
    await h.clock.advance(2_000);
    expect(h.shown.entries).toMatchObject([{ state: 'sending' }]);
    await h.clock.advance(30_000);
    await expect(sent).rejects.toMatchObject({ code: 'unavailable' });
    expect(h.shown.entries).toMatchObject([{ state: 'failed' }]);
  });

  test('closing settles every promise and leaves the stored commands', async () => {
    const h = harness(async () => ({ ok: true, status: 'accepted' }));
    const outbox = h.make();
    const sent = outbox.send(post(ROOMS[0], 'hello'));
    sent.catch(() => {});
    await settle();
    outbox.end(new ParleyError('unavailable', 'closed'), false);
    await expect(sent).rejects.toMatchObject({ code: 'unavailable' });
    expect(await h.stored()).toHaveLength(1);
    expect(h.clock.pending()).toBe(0);
  });
});
