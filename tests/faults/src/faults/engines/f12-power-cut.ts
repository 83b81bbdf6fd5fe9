// F12: the power goes under Kafka and Postgres, alone and together, while people talk: the disks lose all that was not synced.
import { mkdirSync } from 'node:fs';
import { type Engine, startKafka, startPostgres } from '@parley/engines';
import { createDisk, cutPower, type Disk, passingFolder } from '@parley/engines/testing';
import type { Fault } from '../../fault.ts';
import { sleep } from '../../sleep.ts';

const DISK_MB = 768;
const CUTS = 20;

interface OnDisk {
  readonly disk: Disk;
  readonly engine: Engine;
}
let kafka: OnDisk | null = null;
let postgres: OnDisk | null = null;

async function onDisk(name: string, start: (options: { folder: string }) => Promise<Engine>): Promise<OnDisk> {
  const folder = passingFolder(`parley-fault-disk-${name}-`);
  const disk = await createDisk(folder, DISK_MB);
  mkdirSync(`${disk.path}/${name}`, { mode: 0o700 });
  const engine = await start({ folder: `${disk.path}/${name}` });
  // What was there before anybody came is on the disk.
  await disk.sync();
  return { disk, engine };
}

export const powerCut: Fault = {
  id: 'F12',
  name: 'power cuts of Kafka, of Postgres, of both at once',
  needs: ['root', 'loop devices'],
  stage: async () => {
    [kafka, postgres] = await Promise.all([onDisk('kafka', startKafka), onDisk('postgres', startPostgres)]);
    const both = [kafka, postgres];
    return {
      engines: { kafka: kafka.engine, postgres: postgres.engine },
      clean: async () => {
        await Promise.all(both.map(({ engine }) => engine.stop().catch(() => undefined)));
        await Promise.all(both.map(({ disk }) => disk.remove()));
      },
    };
  },
  async run({ random, long, step, figure }) {
    if (kafka === null || postgres === null) throw new Error('There are no disks.');
    const sets = [[kafka], [postgres], [kafka, postgres]];
    const cuts = long ? CUTS : sets.length;
    for (let cut = 0; cut < cuts; cut++) {
      const set = sets[cut % sets.length] ?? [];
      await sleep(random.between(1_000, 4_000));
      step(`power cut ${cut + 1}: ${set.map(({ engine }) => engine.name).join(' and ')}`);
      await Promise.all(set.map(({ disk, engine }) => cutPower(disk, engine)));
    }
    figure({ name: 'power cuts', value: cuts, unit: 'count' });
  },
};
