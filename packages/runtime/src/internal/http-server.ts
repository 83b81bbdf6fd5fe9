// The side that answers: POST /internal/<service>/<call>, for who holds the installation's key only.
// Refuses before it reads a body, and gives up when its caller has.
import type { Clock } from '@parley/ports';
import { ParleyError } from '@parley/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { InternalHandler } from './calls.ts';
import { checkedRequest, withDeadline } from './checks.ts';
import { DEADLINE_HEADER, INTERNAL_BODY_BYTES, TOKEN_REFUSED } from './http-names.ts';
import type { InternalTokens } from './tokens.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Name of the calling service, on /internal only. */
    internalCaller: string;
  }
}

/** Puts the handlers on the app. Calls that nobody here answers are `unavailable`: another version may answer them. */
export function registerInternal(app: FastifyInstance, handlers: readonly InternalHandler[], tokens: InternalTokens, clock: Clock): void {
  app.register(async (scope) => {
    const hidden = { schema: { hide: true } as object, bodyLimit: INTERNAL_BODY_BYTES };
    scope.addHook('onRequest', async (request, reply) => checkCaller(request, reply, tokens));
    for (const { contract, handle } of handlers) {
      scope.post(`/internal/${contract.name.replace('.', '/')}`, hidden, async (request, reply) => {
        const body = checkedRequest(contract, request.body);
        const answer = await withDeadline(clock, contract, deadlineOf(request, contract.deadlineMs), handle(body, request.internalCaller));
        return reply
          .type('application/json; charset=utf-8')
          .serializer((payload: unknown) => JSON.stringify(payload))
          .send(answer ?? {});
      });
    }
    scope.all('/internal/*', hidden, async () => {
      throw new ParleyError('unavailable', 'This service does not answer such a call.', { retryAfterMs: 1_000 });
    });
  });
}

function checkCaller(request: FastifyRequest, reply: FastifyReply, tokens: InternalTokens): void {
  const header = request.headers.authorization ?? '';
  try {
    request.internalCaller = tokens.check(header.startsWith('Bearer ') ? header.slice(7) : '');
  } catch (error) {
    reply.headers(TOKEN_REFUSED);
    throw error;
  }
}

function deadlineOf(request: FastifyRequest, most: number): number {
  const given = Number(request.headers[DEADLINE_HEADER]);
  return given > 0 ? Math.min(given, most) : most;
}
