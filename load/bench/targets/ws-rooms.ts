// The bare `ws` servers' common half: who is in which room, and a message as one ready WebSocket frame. No protocol, no promise.
import { type WebSocket, WebSocketServer } from 'ws';
import { listen, say } from './serve.ts';

/** The TCP socket under a WebSocket, which `ws` does not show: whoever writes a ready frame needs it. */
export interface WithSocket {
  readonly _socket: { write(bytes: Buffer): boolean };
}

export type Member = WebSocket & WithSocket;

/** One unmasked text frame of at most 64 KiB. */
export function frameOf(text: string): Buffer {
  const payload = Buffer.from(text);
  const header = payload.length < 126 ? [0x81, payload.length] : [0x81, 126, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Buffer.from(header), payload]);
}

/** Serves `?room=NAME`; hands each message that a publisher sends to `deliver`, as a frame. */
export async function serveWsRooms(deliver: (room: string, members: ReadonlySet<Member>, frame: Buffer) => void): Promise<void> {
  const rooms = new Map<string, Set<Member>>();
  const { server, port } = await listen();
  new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket, request) => {
    const name = new URL(request.url ?? '/', 'http://x').searchParams.get('room');
    socket.on('error', () => {});
    if (name !== null) {
      const room = rooms.get(name) ?? new Set<Member>();
      rooms.set(name, room);
      room.add(socket as Member);
      socket.on('close', () => room.delete(socket as Member));
    }
    socket.on('message', (data) => {
      const { room, body } = JSON.parse(String(data)) as { room: string; body: string };
      const frame = frameOf(JSON.stringify({ type: 'msg', room, body }));
      deliver(room, rooms.get(room) ?? new Set(), frame);
    });
  });
  say({ port });
}
