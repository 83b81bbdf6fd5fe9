// Ended sessions: known whole before anybody is let in, followed afterwards, forgotten when no token of them can be alive.
import { createManualClock, type EventLog, systemRng } from '@parley/ports';
import { createMemoryEventLog } from '@parley/ports/memory';
import { type AccessClaims, encodeRecord, type SessionEvent, TOPICS } from '@parley/protocol';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createRevocations } from './revocations.ts';

const [ada, ben] = [systemRng.id(), systemRng.id()];
const setup = () => {
  const clock = createManualClock();
  const log = createMemoryEventLog({ topics: { [TOPICS.sessionEvent]: { partitions: 1 } }, clock });
  const revocations = createRevocations({ log, clock });
  onTestFinished(() => revocations.stop());
  return { clock, log, revocations };
};
const append = (log: EventLog, event: SessionEvent) => log.append(TOPICS.sessionEvent, [{ partition: 0, key: event.user, value: encodeRecord(event) }]);
const claims = (sub: string, sid: string, iatMs: number): AccessClaims => ({
  sub,
  sid,
  iat: Math.floor(iatMs / 1000),
  exp: 2 ** 40,
  role: 'member',
  cls: 'person',
});

test('What was in the log at start is known when start resolves.', async () => {
  const { clock, log, revocations } = setup();
  const sessions = Array.from({ length: 1_200 }, () => systemRng.id());
  for (const session of sessions) await append(log, { v: 1, type: 'session.revoked', session, user: ada, time: clock.now() });
  await revocations.start();
  expect(sessions.every((session) => revocations.isRevoked(claims(ada, session, clock.now())))).toBe(true);
  expect(revocations.isRevoked(claims(ada, systemRng.id(), clock.now()))).toBe(false);
});

test('An empty log lets start resolve, and what comes later is told to listeners.', async () => {
  const { clock, log, revocations } = setup();
  await revocations.start();
  const heard: SessionEvent[] = [];
  const unlisten = revocations.onRevoked((event) => heard.push(event));
  const session = systemRng.id();
  await append(log, { v: 1, type: 'session.revoked', session, user: ada, time: clock.now() });
  await vi.waitFor(() => expect(heard).toMatchObject([{ session }]));
  expect(revocations.isRevoked(claims(ada, session, clock.now()))).toBe(true);
  unlisten();
  await append(log, { v: 1, type: 'session.revoked', session: ben, user: ben, time: clock.now() });
  await vi.waitFor(() => expect(revocations.isRevoked(claims(ben, ben, 0))).toBe(true));
  expect(heard).toHaveLength(1);
});

test('All sessions of a person end but the named one and those that began later.', async () => {
  const { clock, log, revocations } = setup();
  const [kept, other, later] = [systemRng.id(), systemRng.id(), systemRng.id()];
  const time = clock.now() + 5_000;
  await append(log, { v: 1, type: 'user.revoked', user: ada, except: kept, time });
  await revocations.start();
  expect(revocations.isRevoked(claims(ada, other, time - 1_000))).toBe(true);
  expect(revocations.isRevoked(claims(ada, kept, time - 1_000))).toBe(false);
  expect(revocations.isRevoked(claims(ada, later, time))).toBe(false);
  expect(revocations.isRevoked(claims(ben, other, time - 1_000))).toBe(false);
});

test('A record that cannot be read does not hide those after it.', async () => {
  const { clock, log, revocations } = setup();
  await log.append(TOPICS.sessionEvent, [{ partition: 0, key: ada, value: new TextEncoder().encode('{"v":9}') }]);
  const session = systemRng.id();
  await append(log, { v: 1, type: 'session.revoked', session, user: ada, time: clock.now() });
  await revocations.start();
  expect(revocations.isRevoked(claims(ada, session, clock.now()))).toBe(true);
});

test('After an hour an end is forgotten: no token of it is alive.', async () => {
  const { clock, log, revocations } = setup();
  const session = systemRng.id();
  await append(log, { v: 1, type: 'session.revoked', session, user: ada, time: clock.now() });
  await append(log, { v: 1, type: 'user.revoked', user: ben, except: null, time: clock.now() });
  await revocations.start();
  const [first, second] = [claims(ada, session, clock.now()), claims(ben, session + 1, clock.now() - 5_000)];
  await clock.advance(3_599_000);
  expect([revocations.isRevoked(first), revocations.isRevoked(second)]).toEqual([true, true]);
  await clock.advance(120_000);
  expect([revocations.isRevoked(first), revocations.isRevoked(second)]).toEqual([false, false]);
});

test('When the log ends the reading, that is a problem, and reading begins anew; ends in between are not missed.', async () => {
  const clock = createManualClock();
  const real = createMemoryEventLog({ topics: { [TOPICS.sessionEvent]: { partitions: 1 } }, clock });
  const broken = Promise.withResolvers<void>();
  let consumptions = 0;
  const log: EventLog = {
    ...real,
    consume: async (topic, consumer) => {
      const consumption = await real.consume(topic, consumer);
      return consumptions++ === 0 ? { stop: consumption.stop, ended: broken.promise } : consumption;
    },
  };
  const revocations = createRevocations({ log, clock });
  onTestFinished(() => revocations.stop());
  await revocations.start();
  expect(revocations.problems()).toEqual([]);
  broken.reject(new Error('the log was made anew'));
  await vi.waitFor(() => expect(revocations.problems()).toHaveLength(1));
  const session = systemRng.id();
  await append(real, { v: 1, type: 'session.revoked', session, user: ada, time: clock.now() });
  await vi.waitFor(async () => {
    await clock.advance(1_000);
    expect(revocations.problems()).toEqual([]);
  });
  await vi.waitFor(() => expect(revocations.isRevoked(claims(ada, session, clock.now()))).toBe(true));
  expect(consumptions).toBe(2);
});
