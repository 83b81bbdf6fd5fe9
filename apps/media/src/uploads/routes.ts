// The HTTP face of uploads: tus frames in and out, with our tokens and our errors. The bytes are streamed, never held.
import { Readable } from 'node:stream';
import { Id, ParleyError } from '@parley/protocol';
import { authenticate, type HttpRequest, type TokenVerifier, zodRoutes } from '@parley/runtime';
import { Metadata } from '@tus/server';
import type { FastifyReply } from 'fastify';
import * as z from 'zod/mini';
import type { App } from '../files/routes.ts';
import { type NewUpload, UPLOADS_PATH, type Uploads } from './uploads.ts';

const BYTES_TYPE = 'application/offset+octet-stream';
/** Of tus' answers; all others (CORS, length) are the server's. */
const PASSED = ['tus-resumable', 'upload-offset', 'upload-length', 'upload-expires', 'upload-metadata', 'location', 'cache-control'];
const tags = ['media'];
const UploadParams = z.object({ id: Id });
const Wanted = z.object({ room: Id, name: z.string().check(z.maxLength(1_000)) });

export function routeUploads(app: App, uploads: Uploads, verifier: TokenVerifier): void {
  // Not read here: the store takes the stream.
  app.addContentTypeParser(BYTES_TYPE, (_request, _body, done) => done(null));
  const routes = zodRoutes(app);
  const onRequest = authenticate(verifier);
  routes.post(UPLOADS_PATH, { onRequest, schema: { tags, summary: 'Begin an upload (tus 1.0); Upload-Metadata: room, name' } }, async (request, reply) =>
    answer(reply, await uploads.begin(request.caller.sub, wantedOf(request), toWeb(request))),
  );
  routes.head(
    `${UPLOADS_PATH}/:id`,
    { onRequest, config: { swagger: { exposeHeadRoute: true } }, schema: { tags, summary: 'How far an upload is (tus 1.0)', params: UploadParams } },
    async (request, reply) => answer(reply, await uploads.goOn(request.caller.sub, request.params.id, toWeb(request))),
  );
  routes.patch(
    `${UPLOADS_PATH}/:id`,
    { onRequest, schema: { tags, summary: 'Go on with an upload from its offset (tus 1.0)', params: UploadParams } },
    async (request, reply) => answer(reply, await uploads.goOn(request.caller.sub, request.params.id, toWeb(request))),
  );
  routes.delete(
    `${UPLOADS_PATH}/:id`,
    { onRequest, schema: { tags, summary: 'Give up an own upload, or a file that hangs on no message', params: UploadParams } },
    async (request, reply) => {
      await uploads.discard(request.caller.sub, request.params.id);
      return reply.code(204).header('tus-resumable', '1.0.0').send();
    },
  );
}

/** What the creation says of the file. Throws invalid. */
function wantedOf(request: HttpRequest): NewUpload {
  const { 'upload-length': length, 'upload-metadata': metadata } = request.headers;
  if (typeof length !== 'string' || !/^\d{1,15}$/.test(length)) throw new ParleyError('invalid', 'Upload-Length must say how many bytes the file has.');
  const wanted = z.safeParse(Wanted, metadataOf(metadata));
  if (!wanted.success) throw new ParleyError('invalid', 'Upload-Metadata must hold room (an id) and name.', { details: wanted.error.issues.slice(0, 5) });
  return { ...wanted.data, bytes: Number(length) };
}

function metadataOf(header: string | readonly string[] | undefined): Record<string, string | null> {
  try {
    return Metadata.parse(typeof header === 'string' ? header : '');
  } catch {
    return {};
  }
}

/** The request as tus reads it. The host is never used: addresses in answers are paths. */
function toWeb({ raw, headers, url, method }: HttpRequest): Request {
  const given = Object.entries(headers).flatMap(([name, value]): [string, string][] => (typeof value === 'string' ? [[name, value]] : []));
  const body = headers['content-type'] === BYTES_TYPE ? { body: Readable.toWeb(raw) as ReadableStream, duplex: 'half' as const } : {};
  return new Request(`http://media${url}`, { method, headers: given, ...body });
}

const CODES: Readonly<Record<number, ConstructorParameters<typeof ParleyError>[0]>> = {
  403: 'forbidden',
  404: 'not_found',
  409: 'upload_conflict',
  410: 'not_found',
  413: 'too_large',
  423: 'upload_conflict',
};

async function answer(reply: FastifyReply, response: Response): Promise<FastifyReply> {
  for (const name of PASSED) {
    const value = response.headers.get(name);
    if (value !== null) reply.header(name, value);
  }
  if (response.ok) return reply.code(response.status).send();
  const said = (await response.text()).trim().slice(0, 200);
  const code = CODES[response.status] ?? (response.status < 500 ? 'invalid' : 'unavailable');
  // tus gives statuses a meaning of its own, so they stay as they are.
  return reply.code(response.status).send({ error: new ParleyError(code, code === 'unavailable' ? undefined : said || undefined).toBody() });
}
