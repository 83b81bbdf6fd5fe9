// socket.io as its manual shows it, but for the heartbeats: no sign-in, no promise; alone, or with redis-adapter beside others of its kind.
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';
import { listen, readOptions, say } from './serve.ts';

export interface SocketIoOptions {
  readonly redisUrl: string;
}

const { redisUrl } = readOptions<SocketIoOptions>();
const { server, port } = await listen();
// Its heartbeats are as Parley's: who notices the dead sooner writes more, and that is not what is compared.
const io = new Server(server, { transports: ['websocket'], perMessageDeflate: false, serveClient: false, pingInterval: 8_000, pingTimeout: 6_000 });
if (redisUrl !== undefined) io.adapter(createAdapter(new Redis(redisUrl), new Redis(redisUrl)));
io.on('connection', (socket) => {
  socket.on('join', async (room: string, ack: () => void) => {
    await socket.join(room);
    ack();
  });
  socket.on('pub', (room: string, body: string, ack: () => void) => {
    io.to(room).emit('msg', { room, body });
    ack();
  });
});
say({ port });
