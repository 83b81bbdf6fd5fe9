// The public test suite of the Engine.IO protocol (MIT, see LICENSE here): all of it that is not about long polling, as this server has none.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EchoServer, MAX_PAYLOAD, PING_INTERVAL, PING_TIMEOUT, startEngineEcho, Wire } from './echo-server.ts';

let server: EchoServer;
beforeAll(async () => {
  server = await startEngineEcho();
});
afterAll(() => server.stop());

/** After its handshake. */
async function open(): Promise<Wire> {
  const wire = new Wire(server.url);
  await wire.next();
  return wire;
}

describe('Engine.IO protocol', () => {
  describe('handshake', () => {
    describe('plain HTTP', () => {
      it.each(['transport=polling', 'EIO=abc&transport=polling', 'EIO=4&transport=polling'])('answers 400 to %s', async (query) => {
        const response = await fetch(`${server.url}?${query}`);
        expect(response.status).toBe(400);
        expect(await response.json()).toEqual({ code: 0, message: 'Transport unknown' });
      });

      it("fails with an invalid 'transport' query parameter", async () => {
        expect((await fetch(`${server.url}?EIO=4`)).status).toBe(400);
        expect((await fetch(`${server.url}?EIO=4&transport=abc`)).status).toBe(400);
      });

      it('fails with an invalid request method', async () => {
        for (const method of ['post', 'put']) {
          const response = await fetch(`${server.url}?EIO=4&transport=websocket`, { method });
          expect(response.status).toBe(400);
          expect(await response.json()).toEqual({ code: 2, message: 'Bad handshake method' });
        }
      });
    });

    describe('WebSocket', () => {
      it('successfully opens a session', async () => {
        const wire = new Wire(server.url);
        const data = String(await wire.next());
        expect(data.startsWith('0')).toBe(true);
        const value = JSON.parse(data.slice(1)) as Record<string, unknown>;
        expect(value).toEqual({ sid: expect.any(String), upgrades: [], pingInterval: PING_INTERVAL, pingTimeout: PING_TIMEOUT, maxPayload: MAX_PAYLOAD });
        wire.socket.close();
        await wire.closed;
      });

      it.each(['transport=websocket', 'EIO=abc&transport=websocket', 'EIO=3&transport=websocket'])(
        "fails with an invalid 'EIO' query parameter: %s",
        async (query) => {
          await new Wire(server.url, query).closed;
        },
      );

      it.each(['EIO=4', 'EIO=4&transport=abc', 'EIO=4&transport=polling'])("fails with an invalid 'transport' query parameter: %s", async (query) => {
        await new Wire(server.url, query).closed;
      });

      it('fails with the sid of another connection: there is nothing to upgrade from', async () => {
        const wire = new Wire(server.url);
        const { sid } = JSON.parse(String(await wire.next()).slice(1)) as { sid: string };
        await new Wire(server.url, `EIO=4&transport=websocket&sid=${sid}`).closed;
        wire.socket.close();
      });
    });
  });

  describe('message', () => {
    it('sends and receives a plain text packet', async () => {
      const wire = await open();
      wire.send('4hello');
      expect(await wire.next()).toBe('4hello');
      wire.socket.close();
    });

    it('sends and receives a binary packet', async () => {
      const wire = await open();
      wire.send(Uint8Array.from([1, 2, 3, 4]));
      expect(await wire.next()).toEqual(Uint8Array.from([1, 2, 3, 4]).buffer);
      wire.socket.close();
    });

    it.each(['abc', '', '5', '2probe'])('closes the session upon invalid packet format: %j', async (packet) => {
      const wire = await open();
      wire.send(packet);
      await wire.closed;
    });
  });

  describe('heartbeat', () => {
    it('sends ping/pong packets', async () => {
      const wire = await open();
      for (let i = 0; i < 3; i++) {
        expect(await wire.nextOfAll()).toBe('2');
        wire.send('3');
      }
      wire.socket.close();
    });

    it('closes the session upon ping timeout', async () => {
      const wire = await open();
      await wire.closed;
    });
  });

  describe('close', () => {
    it('forcefully closes the session', async () => {
      const wire = await open();
      wire.send('1');
      await wire.closed;
    });
  });
});
