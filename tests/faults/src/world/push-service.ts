// A web push service of ours: says for each device which messages were shown on it (the topic stands for the message), and nothing of
// what was in them, which only the browser could open.
import { createECDH, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PushService {
  /** A device that may be subscribed. */
  device(name: string): { endpoint: string; keys: { p256dh: string; auth: string } };
  /** Topics in the order in which they came, repeats included. */
  shownOn(name: string): readonly string[];
  close(): Promise<void>;
}

export async function createPushService(): Promise<PushService> {
  const shown = new Map<string, string[]>();
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const device = decodeURIComponent((request.url ?? '/').slice(1));
      shown.set(device, [...(shown.get(device) ?? []), String(request.headers.topic)]);
      response.writeHead(201).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    device: (name) => {
      const ecdh = createECDH('prime256v1');
      ecdh.generateKeys();
      return {
        endpoint: `http://127.0.0.1:${port}/${encodeURIComponent(name)}`,
        keys: { p256dh: ecdh.getPublicKey('base64url'), auth: randomBytes(16).toString('base64url') },
      };
    },
    shownOn: (name) => shown.get(name) ?? [],
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
