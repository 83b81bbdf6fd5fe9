// A real gateway on a real port, on memory adapters and the real clock, and stock Socket.IO clients for it.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Feed, type Presence, systemClock, systemRng } from '@parley/ports';
import { createMemoryEventLog, createMemoryFeed, createMemoryPresence } from '@parley/ports/memory';
import { type AccessClaims, LIMITS } from '@parley/protocol';
import { io, type Socket } from 'socket.io-client';
import { createGateway, type Gateway } from '../src/gateway.ts';
import type { GatewayConfig } from '../src/gateway-config.ts';
import type { NodeConnections } from '../src/socket-io/nodes.ts';
import { createFakeMessages, type FakeMessages } from './fake-messages.ts';
import { claimsOf, createFakeRevocations, idOf, plainVerifier, silent, topics } from './world.ts';

export interface Gate {
  readonly url: string;
  readonly gateway: Gateway;
  readonly messages: FakeMessages;
  readonly log: ReturnType<typeof createMemoryEventLog>;
  readonly revocations: ReturnType<typeof createFakeRevocations>;
  /** A stock client; connects by itself. */
  connect(auth: unknown, options?: object): Socket;
  stop(goodbyeMs?: number): Promise<void>;
}

/** Real ones in place of those in memory. */
export interface GateParts {
  readonly feed?: Feed;
  readonly presence?: Presence;
  readonly nodes?: NodeConnections;
}

export const authOf = (user: string, claims: Partial<AccessClaims> = {}) => ({
  token: JSON.stringify({ ...claimsOf(user), ...claims }),
  protocol: LIMITS.protocolVersion,
});

export async function openGate(config: Partial<GatewayConfig> = {}, port = 0, parts: GateParts = {}): Promise<Gate> {
  const clock = systemClock;
  const log = createMemoryEventLog({ topics, clock });
  const feed = parts.feed ?? createMemoryFeed({ clock });
  const revocations = createFakeRevocations();
  const messages = createFakeMessages(feed, idOf(5, 1));
  const gateway = createGateway({
    log,
    feed,
    presence: parts.presence ?? createMemoryPresence({ clock }),
    internal: messages.internal,
    verifier: plainVerifier,
    revocations,
    clock,
    rng: systemRng,
    logger: silent,
    config: { origins: ['https://chat.example'], drainSpreadMs: 100, ...config },
    ...(parts.nodes === undefined ? {} : { nodes: parts.nodes }),
  });
  const server = http.createServer();
  gateway.attach(server);
  await gateway.start();
  const following = await messages.follow(log);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sockets: Socket[] = [];
  return {
    url,
    gateway,
    messages,
    log,
    revocations,
    connect: (auth, options = {}) => {
      const socket = io(url, { transports: ['websocket'], forceNew: true, reconnection: false, auth: auth as { [key: string]: unknown }, ...options });
      sockets.push(socket);
      return socket;
    },
    stop: async (goodbyeMs) => {
      for (const socket of sockets) socket.disconnect();
      // Nobody new from now on.
      const closed = new Promise((resolve) => server.close(resolve));
      await gateway.stop(goodbyeMs);
      await following.stop();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The next packet of this name. */
export const next = <T = Record<string, unknown>>(socket: Socket, name: string): Promise<T> => new Promise((resolve) => socket.once(name, resolve));

/** Everything of this name, from now on. */
export function collect<T = Record<string, unknown>>(socket: Socket, name: string): T[] {
  const list: T[] = [];
  socket.on(name, (payload: T) => list.push(payload));
  return list;
}
