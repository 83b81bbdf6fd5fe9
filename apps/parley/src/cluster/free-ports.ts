// Ports that a process may lose and take again: below those that the system gives to outgoing connections, so that nobody gets one meanwhile.
import { once } from 'node:events';
import net from 'node:net';
import type { Rng } from '@parley/ports';

const FIRST = 20_000;
const COUNT = 12_000;

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** Different ports that nobody listens on now. */
export async function freePorts(count: number, rng: Rng): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = FIRST + Math.floor(rng.random() * COUNT);
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  return [...found];
}
