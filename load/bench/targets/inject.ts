// A second port, beside the sockets that are measured, where the load client's publishers hand messages over.
import { WebSocketServer } from 'ws';
import { listen } from './serve.ts';

/** Answers the port. */
export async function takeMessages(take: (message: string) => void): Promise<number> {
  const { server, port } = await listen();
  new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('message', (data) => take(String(data)));
  });
  return port;
}
