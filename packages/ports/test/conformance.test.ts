// The memory adapters keep the ports' promises.
import { createManualClock, createSeededRng } from '@parley/ports';
import {
  CONFORMANCE_TAIL,
  CONFORMANCE_TOPICS,
  cacheConformance,
  eventLogConformance,
  feedConformance,
  presenceConformance,
  type World,
  workQueueConformance,
} from '@parley/ports/conformance';
import { createMemoryCache, createMemoryEventLog, createMemoryFeed, createMemoryPresence, createMemoryWorkQueue } from '@parley/ports/memory';
import type { ManualClock } from '../src/manual-clock.ts';

const world = <Port>(create: (clock: ManualClock) => Port) => {
  return async (): Promise<World<Port>> => {
    const clock = createManualClock();
    return { port: create(clock), advance: clock.advance, close: async () => undefined };
  };
};

cacheConformance(
  'memory',
  world((clock) => createMemoryCache({ clock })),
);
eventLogConformance(
  'memory',
  world((clock) => createMemoryEventLog({ clock, topics: CONFORMANCE_TOPICS, rng: createSeededRng(7) })),
);
feedConformance(
  'memory',
  world((clock) => createMemoryFeed({ clock, ...CONFORMANCE_TAIL })),
);
presenceConformance(
  'memory',
  world((clock) => createMemoryPresence({ clock })),
);
workQueueConformance(
  'memory',
  world((clock) => createMemoryWorkQueue({ clock })),
);
