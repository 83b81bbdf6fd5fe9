// Files over HTTP: the bytes, the thumbnail, what is known of them, and links. Whatever somebody uploaded, a browser that loads it from
// here runs nothing of it: its own type or none, to be saved unless it is one of four kinds of picture, in a sandbox, never sniffed.
import type { Clock } from '@parley/ports';
import { FileLink, Id, MediaFile, ParleyError } from '@parley/protocol';
import { authenticate, type HttpRequest, type Service, type TokenVerifier, zodRoutes } from '@parley/runtime';
import type { FastifyReply } from 'fastify';
import * as z from 'zod/mini';
import { type Blobs, thumbnailName } from '../blobs/blobs.ts';
import type { FileRow } from '../store/store.ts';
import type { Uploads } from '../uploads/uploads.ts';
import { type Access, noSuchFile } from './access.ts';
import { rangeOf } from './byte-range.ts';
import { disposition } from './file-name.ts';
import { PICTURES, UNKNOWN_TYPE } from './inspect.ts';
import type { Links } from './links.ts';

export type App = Parameters<NonNullable<Service['routes']>>[0];

export interface FileRoutesDeps {
  readonly access: Access;
  readonly blobs: () => Blobs;
  readonly links: Links;
  readonly uploads: Uploads;
  readonly verifier: TokenVerifier;
  readonly clock: Clock;
}

const tags = ['media'];
const FileParams = z.object({ id: Id });
const short = z.optional(z.string().check(z.maxLength(100)));
/** Of a link; without it, a token in the header says who asks. */
const LinkQuery = z.object({ u: short, e: short, s: short });

export function routeFiles(app: App, deps: FileRoutesDeps): void {
  const { access, links, uploads, verifier } = deps;
  const routes = zodRoutes(app);
  const onRequest = authenticate(verifier);
  const path = (id: string): string => `/api/media/files/${id}`;
  routes.get(
    '/api/media/files/:id/info',
    {
      onRequest,
      schema: { tags, summary: 'What is known of a file; ends an own upload whose bytes are all here', params: FileParams, response: { 200: MediaFile } },
    },
    async (request) => {
      const { id } = request.params;
      await uploads.finishOwn(request.caller.sub, id);
      return toMediaFile(await access.readable(request.caller.sub, id));
    },
  );
  routes.get(
    '/api/media/files/:id/link',
    { onRequest, schema: { tags, summary: 'Addresses of a file for a page to load, good for five minutes', params: FileParams, response: { 200: FileLink } } },
    async (request, reply) => {
      const file = await access.readable(request.caller.sub, request.params.id);
      const { query, expiresAt } = links.sign(file.id, request.caller.sub);
      reply.header('cache-control', 'private, no-store');
      return { url: `${path(file.id)}?${query}`, thumbnail: file.thumbnail === 'ready' ? `${path(file.id)}/thumb?${query}` : null, expiresAt };
    },
  );
  routeBytes(app, deps);
}

function routeBytes(app: App, { access, blobs, links, verifier }: FileRoutesDeps): void {
  const routes = zodRoutes(app);
  const byToken = authenticate(verifier);
  /** A link says itself who asks. */
  const onRequest = async (request: HttpRequest): Promise<void> => {
    if ((request.query as { s?: unknown }).s === undefined) await byToken(request);
  };
  const readerOf = (request: HttpRequest, id: string, { u, e, s }: z.infer<typeof LinkQuery>): string =>
    s === undefined ? request.caller.sub : links.check(id, { u: u ?? '', e: e ?? '', s });
  // HEAD would read the whole file for nothing.
  const options = { onRequest, exposeHeadRoute: false };
  routes.get(
    '/api/media/files/:id',
    { ...options, schema: { tags, summary: 'The bytes of a file, by token or by link; ranges are answered', params: FileParams, querystring: LinkQuery } },
    async (request, reply) => {
      const file = await access.readable(readerOf(request, request.params.id, request.query), request.params.id);
      const tag = `"${file.sha256}"`;
      setHeaders(reply, file.type ?? UNKNOWN_TYPE, file.name, tag);
      if (request.headers['if-none-match'] === tag) return reply.code(304).send();
      const wanted = request.headers['if-range'] === undefined || request.headers['if-range'] === tag ? request.headers.range : undefined;
      return sendBytes(reply, blobs(), file, rangeOf(wanted, file.bytes));
    },
  );
  routes.get(
    '/api/media/files/:id/thumb',
    { ...options, schema: { tags, summary: 'The thumbnail of a picture, by token or by link', params: FileParams, querystring: LinkQuery } },
    async (request, reply) => {
      const file = await access.readable(readerOf(request, request.params.id, request.query), request.params.id);
      if (file.thumbnail !== 'ready') throw new ParleyError('not_found', 'There is no thumbnail of this file.');
      const tag = `"${file.sha256}-thumb"`;
      setHeaders(reply, 'image/webp', 'thumbnail.webp', tag);
      if (request.headers['if-none-match'] === tag) return reply.code(304).send();
      return reply.send(await blobs().read(thumbnailName(file.id)).catch(notThere));
    },
  );
}

async function sendBytes(reply: FastifyReply, blobs: Blobs, file: FileRow, range: ReturnType<typeof rangeOf>): Promise<FastifyReply> {
  if (range === 'outside') return reply.code(416).header('content-range', `bytes */${file.bytes}`).send();
  // Before the headers that say how much comes: what is not there is answered as an error.
  const bytes = await blobs.read(file.id, range ?? undefined).catch(notThere);
  if (range !== null) reply.code(206).header('content-range', `bytes ${range.from}-${range.to}/${file.bytes}`);
  return reply.header('content-length', range === null ? file.bytes : range.to - range.from + 1).send(bytes);
}

/** The row is there and its bytes are not: given up in this moment, or the storage is away. */
function notThere(cause: unknown): never {
  const { code, name } = cause as { code?: string; name?: string };
  if (code === 'ENOENT' || name === 'NoSuchKey') throw noSuchFile();
  throw new ParleyError('unavailable', 'The storage of files does not answer.', { retryAfterMs: 1_000, cause });
}

function setHeaders(reply: FastifyReply, type: string, name: string, tag: string): void {
  reply
    .header('content-type', type === 'text/plain' ? 'text/plain; charset=utf-8' : type)
    .header('content-disposition', disposition(PICTURES.has(type) ? 'inline' : 'attachment', name))
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "sandbox; default-src 'none'")
    .header('cross-origin-resource-policy', 'same-origin')
    .header('accept-ranges', 'bytes')
    .header('etag', tag)
    // Kept by the reader's own browser only, and asked for again at each use: a right may have ended.
    .header('cache-control', 'private, no-cache');
}

const toMediaFile = ({ id, room, name, type, bytes, width, height, thumbnail }: FileRow): MediaFile => ({
  id,
  room,
  name,
  type: type ?? UNKNOWN_TYPE,
  bytes,
  width,
  height,
  thumbnail,
});
