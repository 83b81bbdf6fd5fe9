// Routes of erasure: my own account, somebody else's for the owner, and how far the sagas are.
import { EraseMe, Id, SagaBegun, Sagas, SagasQuery } from '@parley/protocol';
import { type SagaStore, sagaView, type ZodApp } from '@parley/runtime';
import * as z from 'zod/mini';
import type { Context } from '../use-cases/context.ts';
import { eraseMe, erasePerson } from '../use-cases/erase-account.ts';
import { type SessionGuard, visitorOf } from './session-guard.ts';

const tags = ['accounts'];
const security = [{ accessToken: [] }];
const SHOWN = 200;

export function addErasureRoutes(app: ZodApp, context: () => Context, guard: SessionGuard, sagas: SagaStore): void {
  app.post(
    '/api/me/erase',
    { schema: { tags, security, summary: 'Erase my account and all that is mine; there is no way back', body: EraseMe, response: { 202: SagaBegun } } },
    async (request, reply) => reply.code(202).send(await eraseMe(context(), await guard.caller(request), visitorOf(request), request.body.password)),
  );

  app.post(
    '/api/people/:id/erase',
    { schema: { tags, security, summary: "Owner: erase a person's account", params: z.object({ id: Id }), response: { 202: SagaBegun } } },
    async (request, reply) => {
      await guard.owner(request);
      return reply.code(202).send(await erasePerson(context(), request.params.id));
    },
  );

  app.get(
    '/api/sagas/accounts',
    { schema: { tags, security, summary: 'Owner: erasures and how far they are', querystring: SagasQuery, response: { 200: Sagas } } },
    async (request) => {
      await guard.owner(request);
      return { sagas: (await sagas.list({ open: request.query.open === 'true', limit: SHOWN })).map(sagaView) };
    },
  );
}
