// F19: what nobody can read or do, put straight into Kafka and RabbitMQ: the partition goes on within 10 s, the bytes are kept with the
// reason, a job is parked after its tries.
import { createKafkaEventLog, type KafkaEventLog } from '@parley/kafka';
import { systemClock as clock, type LogEntry, systemRng as rng } from '@parley/ports';
import { partitionOf, TOPICS } from '@parley/protocol';
import { createRabbitWorkQueue } from '@parley/rabbitmq';
import type { Fault, Scene } from '../../fault.ts';
import { sleep, until } from '../../sleep.ts';

const BLOCKED_MS = 10_000;
const PARKED_MS = 20_000;
/** Of `notification.tell` the pauses between tries add up to a quarter of an hour: its jobs wait for services that are away. */
const QUEUE = 'media.thumbnail';

export const poison: Fault = {
  id: 'F19',
  name: 'records and jobs that nobody can read',
  async run(scene) {
    const { stage, engines } = scene;
    const log = createKafkaEventLog({ brokers: engines.kafka.url, clientId: 'parley-faults', topicPrefix: `${stage.prefix}.`, clock, rng });
    const queue = createRabbitWorkQueue({ url: engines.rabbitmq.url, prefix: `${stage.prefix}.`, clock, rng });
    try {
      const parking = parkJobs(scene, queue);
      await poisonRooms(scene, log);
      await parking;
    } finally {
      await Promise.all([log.close(), queue.close()]);
    }
  },
};

/** Into the partition of every room that is written to. */
async function poisonRooms({ load, random, step, figure }: Scene, log: KafkaEventLog): Promise<void> {
  const { partitions } = await log.ends(TOPICS.roomCommand);
  const room = random.pick(load.rooms);
  const entry = (value: Uint8Array): LogEntry => ({ partition: partitionOf(room, partitions.length), key: room, value });
  const before = (await log.ends(TOPICS.roomDead)).partitions[0]?.next ?? 0;
  const entries = [
    entry(Buffer.from([0xff, 0xfe, 0x00, 0x80])),
    entry(Buffer.from('{"not": "a command"}')),
    entry(Buffer.from('null')),
    entry(Buffer.from(`{"v":1,"type":"message.post","room":"${room}","text":"${'x'.repeat(200_000)}"}`)),
    entry(Buffer.alloc(0)),
  ];
  step(`${entries.length} records that are none`);
  const began = performance.now();
  await log.append(TOPICS.roomCommand, random.shuffled(entries));
  await load.say(load.owner, room, 'behind the poison');
  figure({ name: 'blocked', value: Math.round(performance.now() - began), unit: 'ms', most: BLOCKED_MS });
  let letters = 0;
  await until(async () => {
    letters = ((await log.ends(TOPICS.roomDead)).partitions[0]?.next ?? 0) - before;
    return letters >= entries.length;
  }, BLOCKED_MS);
  // At least: a batch that comes again tells of its letters again, and who reads them drops repeats.
  figure({ name: 'dead letters', value: letters, unit: 'count', least: entries.length });
}

async function parkJobs({ step, figure, random }: Scene, queue: ReturnType<typeof createRabbitWorkQueue>): Promise<void> {
  await until(() => queue.problems().length === 0, BLOCKED_MS);
  const id = `poison-${random.between(0, 0xffffffff).toString(36)}`;
  step('a job that is none');
  await queue.enqueue([{ queue: QUEUE, id, payload: { nothing: 'of use' } }]);
  const parked = async () => (await queue.parked(QUEUE, 100)).find((job) => job.id === id);
  const began = performance.now();
  for (;;) {
    const job = await parked();
    if (job !== undefined) {
      figure({ name: 'a poison job: tries until parked', value: job.attempt, unit: 'count', most: 5 });
      return;
    }
    if (performance.now() - began > PARKED_MS) break;
    await sleep(200);
  }
  figure({ name: 'a poison job: parked', value: 0, unit: 'count', least: 1 });
}
