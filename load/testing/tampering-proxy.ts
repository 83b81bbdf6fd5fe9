// Between k6 and Parley, for tests: passes everything on, but does to the event frames of the first socket what a test says.
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/** Gets each message that is posted, with its number from 0, as the frame that it is; answers the frames that are sent in its place. */
export type Tamper = (frame: string, index: number) => readonly string[];

export interface TamperingProxy {
  readonly url: string;
  close(): Promise<void>;
}

export async function startTamperingProxy(target: string, tamper: Tamper): Promise<TamperingProxy> {
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, answer) => {
    const onward = request({ hostname, port, path: incoming.url, method: incoming.method, headers: incoming.headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    incoming.pipe(onward);
  });
  const sockets = new WebSocketServer({ server });
  let seen = 0;
  let count = 0;
  sockets.on('connection', (near, asked) => {
    const far = new WebSocket(`${target.replace('http', 'ws')}${asked.url}`);
    const victim = seen++ === 0;
    const early: string[] = [];
    near.on('message', (data) => (far.readyState === WebSocket.OPEN ? far.send(String(data)) : early.push(String(data))));
    far.on('open', () => {
      for (const text of early.splice(0)) far.send(text);
    });
    far.on('message', (data) => {
      const frame = String(data);
      const posted = frame.startsWith('42["event"') && frame.includes('"message.posted"');
      for (const text of victim && posted ? tamper(frame, count++) : [frame]) near.send(text);
    });
    far.on('close', () => near.close());
    near.on('close', () => far.close());
    far.on('error', () => near.close());
    near.on('error', () => far.close());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
