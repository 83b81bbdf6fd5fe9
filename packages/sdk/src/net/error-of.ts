// Makes a ParleyError of whatever came instead of an answer. Nothing untyped leaves the SDK.
import { ERRORS, type ErrorBody, type ErrorCode, ParleyError } from '@parley/protocol';

export const isErrorCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(ERRORS, code);

/** A body as the server sends it, or null when it is none. A code of a newer server becomes `internal`, its message stays. */
export function errorBodyOf(value: unknown): ErrorBody | null {
  if (typeof value !== 'object' || value === null) return null;
  const { code, message, retryAfterMs, details } = value as Record<string, unknown>;
  if (typeof code !== 'string') return null;
  return {
    code: isErrorCode(code) ? code : 'internal',
    message: typeof message === 'string' ? message : code,
    ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
    ...(details === undefined ? {} : { details }),
  };
}

export const errorFrom = (body: ErrorBody): ParleyError =>
  new ParleyError(body.code, body.message, {
    ...(body.retryAfterMs === undefined ? {} : { retryAfterMs: body.retryAfterMs }),
    ...(body.details === undefined ? {} : { details: body.details }),
  });

/** Anything thrown, as a ParleyError: what is not one is `unavailable`, because it is not known what happened. */
export const asParleyError = (thrown: unknown): ParleyError =>
  thrown instanceof ParleyError ? thrown : new ParleyError('unavailable', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });

export const rejectedBody = (code: string | undefined): ErrorBody =>
  isErrorCode(code) ? { code, message: ERRORS[code].action } : { code: 'internal', message: `The server rejected it: ${code ?? 'no reason given'}.` };
