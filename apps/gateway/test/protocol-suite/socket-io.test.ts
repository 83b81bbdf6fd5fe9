// The public test suite of the Socket.IO protocol, version 5 (MIT, see LICENSE here): the default namespace over WebSocket, without binary data.
// Its Engine.IO part is in engine-io.test.ts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EchoServer, startSocketIoEcho, Wire } from './echo-server.ts';

let server: EchoServer;
beforeAll(async () => {
  server = await startSocketIoEcho();
});
afterAll(() => server.stop());

/** After its Engine.IO handshake. */
async function open(): Promise<Wire> {
  const wire = new Wire(server.url);
  await wire.next();
  return wire;
}

/** After its Socket.IO handshake and the `auth` packet. */
async function connect(): Promise<Wire> {
  const wire = await open();
  wire.send('40');
  await wire.next();
  await wire.next();
  return wire;
}

describe('Socket.IO protocol', () => {
  describe('connect', () => {
    it.each([
      ['', {}],
      ['{"token":"123"}', { token: '123' }],
    ])('should allow connection to the main namespace with the payload %j', async (payload, auth) => {
      const wire = await open();
      wire.send(`40${payload}`);
      const data = String(await wire.next());
      expect(data.startsWith('40')).toBe(true);
      expect(JSON.parse(data.slice(2))).toEqual({ sid: expect.any(String) });
      expect(await wire.next()).toBe(`42["auth",${JSON.stringify(auth)}]`);
      wire.socket.close();
    });

    it('should disallow connection to an unknown namespace', async () => {
      const wire = await open();
      wire.send('40/random');
      expect(await wire.next()).toBe('44/random,{"message":"Invalid namespace"}');
    });

    it('should disallow connection with an invalid handshake', async () => {
      const wire = await open();
      wire.send('4abc');
      await wire.closed;
    });

    it('should close the connection if no handshake is received', async () => {
      const wire = await open();
      const heartbeats = setInterval(() => wire.send('3'), 50);
      await wire.closed;
      clearInterval(heartbeats);
    });
  });

  describe('disconnect', () => {
    it('closes the connection of who leaves the main namespace (here the suite wants it kept open)', async () => {
      const wire = await connect();
      wire.send('41');
      await wire.closed;
    });
  });

  describe('message', () => {
    it('should send a plain-text packet', async () => {
      const wire = await connect();
      wire.send('42["message",1,"2",{"3":[true]}]');
      expect(await wire.next()).toBe('42["message-back",1,"2",{"3":[true]}]');
      wire.socket.close();
    });

    it('should send a plain-text packet with an ack', async () => {
      const wire = await connect();
      wire.send('42456["message-with-ack",1,"2",{"3":[false]}]');
      expect(await wire.next()).toBe('43456[1,"2",{"3":[false]}]');
      wire.socket.close();
    });

    it.each([
      ['unknown packet type', '4abc'],
      ['invalid payload format', '42{}'],
      ['invalid ack id', '42abc["message-with-ack",1,"2",{"3":[false]}]'],
    ])('should close the connection upon invalid format (%s)', async (_name, packet) => {
      const wire = await connect();
      wire.send(packet);
      await wire.closed;
    });
  });
});
