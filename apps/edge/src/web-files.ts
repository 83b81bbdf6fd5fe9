// The web client's files. Names with a hash in them never change; the page that names them is asked for anew each time.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** Paths of the API and the socket: what is not there is an error, never the page. */
const NOT_THE_WEB = /^\/(api|health|metrics|internal|socket\.io|\.well-known)(\/|$)/;

const NOT_BUILT = `The web client has not been built yet.

Build it with:   npm run build
Then reload this page. The API is there already: /api/docs
`;

/** Serves `webRoot`; addresses without a file are the page's own and get index.html. */
export async function registerWebFiles(app: FastifyInstance, webRoot: string): Promise<void> {
  await app.register(fastifyStatic, { root: webRoot, serve: false, cacheControl: false, suppressWarning: true });
  app.get('/*', { schema: { hide: true } as object }, async (request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '/';
    if (NOT_THE_WEB.test(path)) return reply.callNotFound();
    // Asked at each request: the build may come after the start. A stat is cheap, and these are few requests.
    if (!existsSync(join(webRoot, 'index.html'))) return reply.code(503).type('text/plain; charset=utf-8').send(NOT_BUILT);
    const isFile = (path.split('/').at(-1) ?? '').includes('.');
    return isFile ? sendAsset(reply, (request.params as { '*': string })['*']) : sendPage(reply);
  });
}

const sendPage = (reply: FastifyReply): FastifyReply => reply.header('cache-control', 'no-cache').sendFile('index.html');

/** A file that is not there becomes the JSON `not_found`, not the page: a script that is HTML tells nobody what is wrong. */
const sendAsset = (reply: FastifyReply, name: string): FastifyReply =>
  reply.header('cache-control', name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache').sendFile(name);
