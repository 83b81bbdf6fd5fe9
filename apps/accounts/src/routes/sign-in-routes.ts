// Routes for those who are not signed in yet: setup, register, login, refresh, logout, the public keys.
import { Login, Refresh, Register, readJwks, Setup, Tokens } from '@parley/protocol';
import { authenticate, type ZodApp } from '@parley/runtime';
import * as z from 'zod/mini';
import type { Context } from '../use-cases/context.ts';
import { login } from '../use-cases/login.ts';
import { refreshTokens } from '../use-cases/refresh.ts';
import { register } from '../use-cases/register.ts';
import { logout, logoutByRefreshToken } from '../use-cases/sessions.ts';
import { readSetup } from '../use-cases/setup.ts';
import { type SessionGuard, visitorOf } from './session-guard.ts';

const tags = ['accounts'];

export function addSignInRoutes(app: ZodApp, context: () => Context, guard: SessionGuard): void {
  app.get('/api/setup', { schema: { tags, summary: 'What a sign-in page needs to know', response: { 200: Setup } } }, async () => readSetup(context()));

  app.post(
    '/api/accounts/register',
    { schema: { tags, summary: 'Make an account; the first one owns the installation', body: Register, response: { 201: Tokens } } },
    async (request, reply) => reply.code(201).send(await register(context(), request.body, visitorOf(request))),
  );

  app.post('/api/accounts/login', { schema: { tags, summary: 'Sign in', body: Login, response: { 200: Tokens } } }, async (request) =>
    login(context(), request.body, visitorOf(request)),
  );

  app.post(
    '/api/accounts/refresh',
    { schema: { tags, summary: 'A new access token; the refresh token is replaced', body: Refresh, response: { 200: Tokens } } },
    async (request) => refreshTokens(context(), request.body.refreshToken),
  );

  const logoutBody = z.nullish(z.partial(Refresh));
  app.post(
    '/api/accounts/logout',
    { schema: { tags, summary: 'End this session, named by the access token or by the refresh token', body: logoutBody, response: { 204: z.undefined() } } },
    async (request, reply) => {
      const token = request.body?.refreshToken;
      if (token !== undefined) await logoutByRefreshToken(context(), token);
      else {
        await authenticate(guard.verifier)(request);
        await logout(context(), { user: request.caller.sub, session: request.caller.sid });
      }
      return reply.code(204).send();
    },
  );

  app.get(
    '/.well-known/jwks.json',
    { schema: { tags, summary: 'Public keys of access tokens', response: { 200: readJwks.response } } },
    async (_request, reply) => reply.header('cache-control', 'public, max-age=300').send(context().access.jwks),
  );
}
