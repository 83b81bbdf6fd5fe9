// The RabbitMQ adapter keeps the port's promise, on a real broker. RabbitMQ's own timers cannot be moved by hand, so time is shortened:
// every wait that the suite names is a twenty-fifth of it here.
import { systemClock, systemRng, type WorkOptions, type WorkQueue } from '@parley/ports';
import { type World, workQueueConformance } from '@parley/ports/conformance';
import { describe } from 'vitest';
import { createRabbitWorkQueue } from '../src/index.ts';
import { broker, leftOut, removeQueues, without } from './broker.ts';

const FASTER = 25;

function shortened(port: WorkQueue): WorkQueue {
  const shorter = ({ backoffMs, visibilityMs, ...options }: WorkOptions): WorkOptions => ({
    ...options,
    ...(visibilityMs !== undefined && { visibilityMs: visibilityMs / FASTER }),
    ...(backoffMs !== undefined && { backoffMs: (attempt: number) => backoffMs(attempt) / FASTER }),
  });
  return { ...port, work: (queue, handle, options = {}) => port.work(queue, handle, shorter(options)) };
}

async function world(): Promise<World<WorkQueue>> {
  const { url } = await broker();
  const prefix = `${systemRng.id()}.`;
  const port = createRabbitWorkQueue({ url, prefix, clock: systemClock, rng: systemRng });
  const close = async (): Promise<void> => {
    await port.close();
    await removeQueues(url, prefix, ['push.send', 'other.queue'], [1_200, 40]);
  };
  return { port: shortened(port), advance: (ms) => systemClock.sleep(ms / FASTER), close };
}

describe.skipIf(without !== null)(`a real broker${leftOut}`, () => workQueueConformance('RabbitMQ', world));
