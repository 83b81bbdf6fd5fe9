// Every failure of a request as `{error: {code, message, …}}`. What is not a ParleyError tells nothing of its insides.
import { type ErrorBody, type ErrorCode, LIMITS, ParleyError } from '@parley/protocol';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';

const FROM_FASTIFY: Record<string, () => ParleyError> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => new ParleyError('too_large', 'The body is too large.', { details: { bodyBytes: LIMITS.bodyBytes } }),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => new ParleyError('invalid', 'Send JSON, with content-type application/json.'),
  FST_ERR_CTP_INVALID_JSON_BODY: () => new ParleyError('invalid', 'The body is not JSON.'),
  FST_ERR_CTP_EMPTY_JSON_BODY: () => new ParleyError('invalid', 'The body is empty.'),
};

/** The refusal that an error stands for; null: it is a fault of ours. */
export function refusalOf(error: unknown): ParleyError | null {
  if (error instanceof ParleyError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const fields = error.validation
      .slice(0, 20)
      .map((issue) => ({ field: issue.instancePath.replace(/^\//, '').replaceAll('/', '.'), message: issue.message }));
    const where = error.validationContext ?? 'request';
    return new ParleyError('invalid', `The ${where} is not as it should be.`, { details: fields });
  }
  const { code = '', statusCode } = error as FastifyError;
  const known = FROM_FASTIFY[code];
  if (known) return known();
  return statusCode !== undefined && statusCode >= 400 && statusCode < 500 ? new ParleyError('invalid', 'The request is not well-formed.') : null;
}

/** Answers `{error}` with the table's status. */
export function sendError(reply: FastifyReply, error: ParleyError, extra: { requestId?: string } = {}): FastifyReply {
  if (error.retryAfterMs !== undefined) reply.header('retry-after', String(Math.ceil(error.retryAfterMs / 1000)));
  const body: { error: ErrorBody & { requestId?: string } } = { error: { ...error.toBody(), ...extra } };
  // A refusal is never of the route's response schema.
  return reply
    .code(error.row.http)
    .type('application/json; charset=utf-8')
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send(body);
}

/** Turns what routes throw, and paths that nobody serves, into the errors of the table. */
export function setErrorHandler(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error);
    // What is behind an `unavailable` is for the operator, not for the caller.
    if (refusal?.code === 'unavailable' && refusal.cause !== undefined)
      request.log.warn({ err: refusal.cause, path: request.routeOptions.url }, refusal.message);
    if (refusal && refusal.code !== 'internal') return sendError(reply, refusal);
    request.log.error({ err: error, path: request.routeOptions.url }, 'a request failed');
    return sendError(reply, new ParleyError('internal' satisfies ErrorCode), { requestId: request.id });
  });
  app.setNotFoundHandler((_request, reply) => sendError(reply, new ParleyError('not_found', 'There is nothing at this address.')));
}
