// A worker with a real gateway on memory adapters, in which everybody named on the command line of the test is in one room.
import { createMetrics } from '@parley/runtime';
import { obeyPrimary } from '../src/cluster/obey-primary.ts';
import { openGate } from './gate.ts';
import { idOf, silent } from './world.ts';

const gate = await openGate({ drainMs: 5_000, goodbyeMs: 800, drainSpreadMs: 200, name: `worker ${process.env.PARLEY_WORKER}` }, Number(process.env.PORT));
for (let person = 1; person <= 20; person++) await gate.messages.join(idOf(1, 1), idOf(2, person));
obeyPrimary({
  status: () => ({ sockets: gate.gateway.stats().sockets, users: 0, rooms: 0, problems: [] }),
  metrics: createMetrics(),
  stop: (goodbyeMs) => gate.stop(goodbyeMs),
  logger: silent,
});
