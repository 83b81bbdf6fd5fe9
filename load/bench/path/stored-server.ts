// What many build first: socket.io with its Redis adapter, and an INSERT that is on disk before the message is emitted. It acknowledges and
// orders nothing across its connections, resumes nobody and checks no membership. A baseline, as a process of its own:
// `node stored-server.ts REDIS_URL POSTGRES_JSON`; without arguments the same server without Redis and without storing.
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import pg from 'pg';
import { Server } from 'socket.io';

interface Post {
  readonly room: string;
  readonly clientId: string;
  readonly body: { readonly text: string };
}

const POOL = 10;
const ROOM = 'room';
const TABLE = `CREATE TABLE message (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, room text NOT NULL, client_id uuid NOT NULL,
  body jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now())`;
const INSERT = 'INSERT INTO message (room, client_id, body) VALUES ($1, $2, $3) RETURNING id, at';

async function openTable(connection: string): Promise<pg.Pool> {
  const pool = new pg.Pool({ ...(JSON.parse(connection) as pg.PoolConfig), max: POOL });
  await pool.query(TABLE);
  return pool;
}

async function serve(redisUrl: string | undefined, connection: string | undefined): Promise<void> {
  const pool = connection === undefined ? null : await openTable(connection);
  const http = createServer();
  const io = new Server(http, { transports: ['websocket'], serveClient: false });
  if (redisUrl !== undefined) {
    const publisher = new Redis(redisUrl);
    io.adapter(createAdapter(publisher, publisher.duplicate()));
  }
  io.on('connection', (socket) => {
    void socket.join(ROOM);
    socket.on('resume', (_: unknown, done: (answer: unknown) => void) => done({}));
    socket.on('send', async (post: Post, done: (answer: unknown) => void) => {
      const stored =
        pool === null ? null : (await pool.query<{ id: string }>({ name: 'insert', text: INSERT, values: [post.room, post.clientId, post.body] })).rows[0];
      io.to(ROOM).emit('event', { ...post, ...stored });
      done({ ok: true });
    });
  });
  http.listen(0, '127.0.0.1', () => console.log((http.address() as { port: number }).port));
}

await serve(process.argv[2], process.argv[3]);
