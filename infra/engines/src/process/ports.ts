// Ports of the loopback below the range that the system gives to outgoing connections: there a client that tries again and again to
// reach a dead engine can be given the engine's own port, and then talks to itself.
import { createServer } from 'node:net';
import { systemRng as rng } from '@parley/ports';

const FIRST = 18_000;
const LAST = 31_999;

/** Can this port be listened on now? */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** `count` different free ports. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count; tries++) {
    if (tries > 1000) throw new Error('No free port was found on the loopback.');
    const port = FIRST + Math.floor(rng.random() * (LAST - FIRST + 1));
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}
