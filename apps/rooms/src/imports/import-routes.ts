// Routes of imports and of the sagas that rooms leads. For the owner of the installation only.
import { BeginImport, Id, ImportPart, ImportProgress, ParleyError, RunImport, Sagas, SagasQuery } from '@parley/protocol';
import { authenticate, type HttpRequest, type SagaStore, type Service, sagaView, type TokenVerifier, zodRoutes } from '@parley/runtime';
import * as z from 'zod/mini';
import type { ImportUseCases } from './import-use-cases.ts';

type App = Parameters<NonNullable<Service['routes']>>[0];

const ImportParams = z.object({ import: Id });
const PartParams = z.object({ import: Id, n: z.coerce.number().check(z.int(), z.gte(0), z.lte(100_000)) });
const tags = ['rooms'];
const SHOWN = 200;

export function registerImports(app: App, imports: ImportUseCases, sagas: SagaStore, verifier: TokenVerifier): void {
  const signedIn = authenticate(verifier);
  const onRequest = async (request: HttpRequest): Promise<void> => {
    await signedIn(request);
    if (request.caller.role !== 'owner') throw new ParleyError('forbidden', 'Only the owner of this installation may do this.');
  };
  const routes = zodRoutes(app);
  const progress = { 200: ImportProgress };
  routes.post(
    '/api/imports',
    { onRequest, schema: { tags, summary: 'Owner: begin the import of a room', body: BeginImport, response: { 201: ImportProgress } } },
    async (request, reply) => reply.code(201).send(await imports.begin(request.caller.sub, request.body)),
  );
  routes.put(
    '/api/imports/:import/parts/:n',
    { onRequest, schema: { tags, summary: 'Owner: a part of an import', params: PartParams, body: ImportPart, response: { 204: z.undefined() } } },
    async (request, reply) => {
      await imports.putPart(request.params.import, request.params.n, request.body);
      return reply.code(204).send();
    },
  );
  routes.post(
    '/api/imports/:import/run',
    { onRequest, schema: { tags, summary: 'Owner: bring it in, whole or not at all', params: ImportParams, body: RunImport, response: progress } },
    async (request) => imports.run(request.params.import, request.body.parts),
  );
  routes.get(
    '/api/imports/:import',
    { onRequest, schema: { tags, summary: 'Owner: how far an import is', params: ImportParams, response: progress } },
    async (request) => imports.progress(request.params.import),
  );
  routes.delete(
    '/api/imports/:import',
    { onRequest, schema: { tags, summary: 'Owner: cancel an import; its room is archived', params: ImportParams, response: progress } },
    async (request) => imports.cancel(request.params.import),
  );
  routes.get(
    '/api/sagas/rooms',
    { onRequest, schema: { tags, summary: 'Owner: imports and how far they are', querystring: SagasQuery, response: { 200: Sagas } } },
    async (request) => ({ sagas: (await sagas.list({ open: request.query.open === 'true', limit: SHOWN })).map(sagaView) }),
  );
}
