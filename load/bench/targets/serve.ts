// The child's side of a target: its options, and saying where it serves. It ends by itself when its parent is gone.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Said } from './start.ts';

/** What the parent gave to startTarget. */
export const readOptions = <T>(): Partial<T> => JSON.parse(process.argv[2] ?? '{}') as Partial<T>;

/** A bare HTTP server on a port of its own. */
export async function listen(): Promise<{ server: http.Server; port: number }> {
  const server = http.createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1_024 });
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** It serves now. */
export function say(said: Said): void {
  process.once('disconnect', () => process.exit(0));
  process.once('SIGTERM', () => process.exit(0));
  process.send?.(said);
}
