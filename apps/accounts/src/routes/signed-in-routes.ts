// Routes for those who are signed in: me, my sessions, people; and for the owner: setup, invitations, load keys, import.
import {
  ChangePassword,
  ChangeProfile,
  ChangeSetup,
  Id,
  ImportPeople,
  Invitation,
  LoadKey,
  MakeInvitation,
  Me,
  People,
  PeopleQuery,
  Sessions,
  Setup,
} from '@parley/protocol';
import type { ZodApp } from '@parley/runtime';
import * as z from 'zod/mini';
import type { Context } from '../use-cases/context.ts';
import { makeLoadKey } from '../use-cases/load-keys.ts';
import { bringPeople, changeProfile, findPeople, readMe } from '../use-cases/people.ts';
import { changePassword, listSessions, revokeSession } from '../use-cases/sessions.ts';
import { changeSetup, makeInvitation } from '../use-cases/setup.ts';
import { type SessionGuard, visitorOf } from './session-guard.ts';

const tags = ['accounts'];
const security = [{ accessToken: [] }];
const none = { 204: z.undefined() };

export function addMyRoutes(app: ZodApp, context: () => Context, guard: SessionGuard): void {
  app.get('/api/me', { schema: { tags, security, summary: 'Who I am', response: { 200: Me } } }, async (request) =>
    readMe(context(), await guard.caller(request)),
  );

  app.patch('/api/me', { schema: { tags, security, summary: 'Change my name', body: ChangeProfile, response: { 200: Me } } }, async (request) =>
    changeProfile(context(), await guard.caller(request), request.body),
  );

  app.post(
    '/api/me/password',
    { schema: { tags, security, summary: 'Change my password; ends my other sessions', body: ChangePassword, response: none } },
    async (request, reply) => {
      await changePassword(context(), await guard.caller(request), visitorOf(request), request.body);
      return reply.code(204).send();
    },
  );

  app.get('/api/sessions', { schema: { tags, security, summary: 'Where I am signed in', response: { 200: Sessions } } }, async (request) =>
    listSessions(context(), await guard.caller(request)),
  );

  app.delete(
    '/api/sessions/:id',
    { schema: { tags, security, summary: 'End one of my sessions', params: z.object({ id: Id }), response: none } },
    async (request, reply) => {
      await revokeSession(context(), await guard.caller(request), request.params.id);
      return reply.code(204).send();
    },
  );

  app.get(
    '/api/people',
    { schema: { tags, security, summary: 'People by ids, or by the beginning of handle or name', querystring: PeopleQuery, response: { 200: People } } },
    async (request) => {
      await guard.caller(request);
      return findPeople(context(), request.query);
    },
  );
}

export function addOwnerRoutes(app: ZodApp, context: () => Context, guard: SessionGuard): void {
  app.patch('/api/setup', { schema: { tags, security, summary: 'Owner: who may register', body: ChangeSetup, response: { 200: Setup } } }, async (request) => {
    await guard.owner(request);
    return changeSetup(context(), request.body);
  });

  app.post(
    '/api/registration-invitations',
    { schema: { tags, security, summary: 'Owner: an invitation to register', body: z.nullish(MakeInvitation), response: { 201: Invitation } } },
    async (request, reply) => reply.code(201).send(await makeInvitation(context(), await guard.owner(request), request.body ?? {})),
  );

  app.post('/api/load-keys', { schema: { tags, security, summary: 'Owner: a load key, shown once', response: { 201: LoadKey } } }, async (request, reply) => {
    await guard.owner(request);
    return reply.code(201).send(await makeLoadKey(context()));
  });

  app.post(
    '/api/people/import',
    { schema: { tags, security, summary: 'Owner: people of another system', body: ImportPeople, response: { 200: People } } },
    async (request) => {
      await guard.owner(request);
      return bringPeople(context(), request.body.people);
    },
  );
}
