// The worker's batch without its log: load, decide, write.

import type { RoomCommand } from '@parley/protocol';
import { type CommandResult, TOPICS } from '@parley/protocol';
import { expect } from 'vitest';
import { decideBatch } from '../src/decide/batch.ts';
import { decodeInput } from '../src/decide/decode.ts';
import { needsOf } from '../src/decide/needs.ts';
import { createMemoryStore } from '../src/memory/index.ts';
import type { Store } from '../src/store/store.ts';
import { partitionOfRoom } from './random-commands.ts';
import { PARTITIONS, recordOf } from './world.ts';

const TOPIC = TOPICS.roomCommand;

export interface Told {
  readonly user: string;
  readonly result: CommandResult;
}

export interface Run {
  readonly store: Store;
  readonly told: Told[];
}

/** The commands in these batches over a store, a fresh one in memory unless one is given. */
export async function runBatches(groups: readonly (readonly RoomCommand[])[], store: Store = createMemoryStore()): Promise<Run> {
  await store.open('00000000-0000-7000-8000-00000000000e');
  await store.adopt(
    TOPIC,
    'log',
    PARTITIONS,
    Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, next: 0 })),
  );
  const told: Told[] = [];
  const next = new Map<number, number>();
  for (const group of groups) {
    const before = new Map(next);
    const inputs = group.map((command) => {
      const partition = partitionOfRoom(command.room);
      const offset = next.get(partition) ?? 0;
      next.set(partition, offset + 1);
      return decodeInput(recordOf(command, offset), PARTITIONS);
    });
    const pos = new Map((await store.positions(TOPIC)).map((at) => [at.partition, at.pos]));
    const decided = decideBatch(await store.load(needsOf(inputs)), inputs, pos);
    const partitions = [...next].map(([partition, to]) => ({
      partition,
      expected: before.get(partition) ?? 0,
      next: to,
      pos: decided.pos.get(partition) ?? 0,
      published: 0,
      relayed: 0,
    }));
    expect((await store.commit({ topic: TOPIC, logId: 'log', partitions, ...decided.rows })).status).toBe('ok');
    told.push(...decided.answers);
  }
  return { store, told };
}
