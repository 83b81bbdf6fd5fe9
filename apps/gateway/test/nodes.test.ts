// Several workers of the gateway on a real Redis: they know of each other, it costs nearly nothing, and Redis' absence hurts no socket.
import { missing } from '@parley/engines';
import { ownRedis } from '@parley/engines/testing';
import { systemClock } from '@parley/ports';
import { createRedisConnections, type RedisConnections } from '@parley/redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { authOf, type Gate, next, openGate } from './gate.ts';
import { idOf, silent } from './world.ts';

const reason = missing('redis');
const people = Array.from({ length: 10 }, (_, n) => idOf(2, n + 1));

describe.skipIf(reason !== null)(`workers of the gateway${reason === null ? '' : ` (${reason})`}`, () => {
  let redis: Awaited<ReturnType<typeof ownRedis>>;
  const gates: Gate[] = [];
  const connections: RedisConnections[] = [];
  const unhandled: unknown[] = [];
  const onUnhandled = (error: unknown): void => void unhandled.push(error);
  beforeAll(async () => {
    redis = await ownRedis();
    process.on('unhandledRejection', onUnhandled);
  });
  afterAll(async () => {
    process.off('unhandledRejection', onUnhandled);
    await redis.stop();
  });
  beforeEach(async () => {
    for (const name of ['one', 'two']) {
      const meeting = createRedisConnections({ url: redis.url, keyPrefix: 'test:', clock: systemClock, logger: silent });
      connections.push(meeting);
      gates.push(await openGate({ name }, 0, { nodes: meeting }));
    }
  });
  afterEach(async () => {
    await Promise.all(gates.splice(0).map((gate) => gate.stop()));
    await Promise.all(connections.splice(0).map((one) => one.close()));
    expect(unhandled).toEqual([]);
  });

  const seenBy = (gate: Gate): unknown => gate.gateway.nodes().map(({ name, sockets }) => [name, sockets]);
  const untilSeen = (gate: Gate, nodes: unknown): Promise<void> => vi.waitFor(() => expect(seenBy(gate)).toEqual(nodes), { timeout: 15_000, interval: 50 });

  test('any of them answers for all, and who left or died is left out', async () => {
    for (const user of people.slice(0, 3)) await next(gates[0]!.connect(authOf(user)), 'hello');
    await next(gates[1]!.connect(authOf(people[3]!)), 'hello');
    await untilSeen(gates[0]!, [
      ['one', 3],
      ['two', 1],
    ]);
    await untilSeen(gates[1]!, [
      ['two', 1],
      ['one', 3],
    ]);
    await gates[1]!.stop();
    gates.splice(1);
    await vi.waitFor(() => expect(gates[0]!.gateway.nodes()[1]).toMatchObject({ name: 'two', draining: true }), { timeout: 2_000 });
    await untilSeen(gates[0]!, [['one', 3]]);
  });

  test('sockets cost Redis nothing here: no channel per socket, room or user', async () => {
    await untilSeen(gates[0]!, [
      ['one', 0],
      ['two', 0],
    ]);
    const channels = async (): Promise<string[]> => [...(await connections[0]!.channels())].sort();
    const before = await channels();
    // One for all workers and one of each for answers.
    expect(before.length).toBe(3);
    for (const user of people) await next(gates[0]!.connect(authOf(user)), 'hello');
    expect(await channels()).toEqual(before);
  });

  test('without Redis sockets stay and new ones come in; with it again the workers find each other', async () => {
    const early = gates[0]!.connect(authOf(people[0]!));
    await next(early, 'hello');
    await untilSeen(gates[1]!, [
      ['two', 0],
      ['one', 1],
    ]);
    await redis.kill();
    try {
      await next(gates[0]!.connect(authOf(people[1]!)), 'hello');
      await untilSeen(gates[1]!, [['two', 0]]);
      expect(early.connected).toBe(true);
      expect(connections.flatMap((one) => one.problems()).length).toBe(2);
    } finally {
      await redis.start();
    }
    await untilSeen(gates[1]!, [
      ['two', 0],
      ['one', 2],
    ]);
    expect(early.connected).toBe(true);
  });
});
