// Calls between services of one process. Same validation, same signed token and same deadline as over HTTP, so a service cannot tell.
// Must never let a call hang: what does not answer in its contract's time is `unavailable`.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock, Rng } from '@parley/ports';
import { type Contract, ParleyError, type RequestOf, type ResponseOf } from '@parley/protocol';
import { safeParse } from 'zod/mini';
import type { $ZodType } from 'zod/v4/core';
import type { InternalClient, InternalHandler } from './calls.ts';

export interface InternalBus {
  /** Makes the handlers callable; the answer takes them away again (calls are then `unavailable`). */
  register(handlers: readonly InternalHandler[]): () => void;
  /** A client whose calls carry a token that names `caller`. */
  clientFor(caller: string): InternalClient;
}

export interface InternalBusDeps {
  /** Shared secret of the installation's services, at least 32 characters. */
  readonly key: string;
  readonly clock: Clock;
  readonly rng: Rng;
}

const TOKEN_LIFE_MS = 60_000;
const RETRY_AFTER_MS = 1_000;

/** The in-process transport between services. */
export function createInternalBus({ key, clock, rng }: InternalBusDeps): InternalBus {
  if (key.length < 32) throw new Error('The internal key must have at least 32 characters.');
  const handlers = new Map<string, InternalHandler>();
  const tokens = createInternalTokens(key, clock, rng);

  const serve = async (contract: Contract, token: string, request: unknown): Promise<unknown> => {
    const caller = tokens.check(token);
    const handler = handlers.get(contract.name);
    if (!handler) throw unavailable(contract);
    const parsed = parse(handler.contract.request, request, 'invalid', `The request of ${contract.name} is not of its contract.`);
    return await handler.handle(parsed, caller);
  };

  return {
    register(added) {
      for (const handler of added) {
        if (handlers.has(handler.contract.name)) throw new Error(`${handler.contract.name} is answered twice.`);
        handlers.set(handler.contract.name, handler);
      }
      return () => {
        for (const handler of added) if (handlers.get(handler.contract.name) === handler) handlers.delete(handler.contract.name);
      };
    },
    clientFor: (caller) => ({
      async call<C extends Contract>(contract: C, request: RequestOf<C>): Promise<ResponseOf<C>> {
        const answer = await withDeadline(clock, contract, serve(contract, tokens.issue(caller), request));
        return parse(contract.response, answer, 'internal', `The answer of ${contract.name} is not of its contract.`) as ResponseOf<C>;
      },
    }),
  };
}

const unavailable = (contract: Contract, cause?: unknown): ParleyError =>
  new ParleyError('unavailable', `${contract.name.split('.', 1)[0]} does not answer.`, { retryAfterMs: RETRY_AFTER_MS, cause });

function parse(schema: $ZodType, value: unknown, code: 'invalid' | 'internal', message: string): unknown {
  const result = safeParse(schema, value);
  if (!result.success) throw new ParleyError(code, message, { details: result.error.issues.slice(0, 5) });
  return result.data;
}

/** What is not a ParleyError must not tell the caller anything of the other service's insides. */
const asParleyError = (contract: Contract, error: unknown): ParleyError =>
  error instanceof ParleyError ? error : new ParleyError('internal', `${contract.name} failed.`, { cause: error });

function withDeadline<T>(clock: Clock, contract: Contract, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(contract.deadlineMs, () => reject(unavailable(contract)));
    answer.then(resolve, (error) => reject(asParleyError(contract, error))).finally(() => timer.cancel());
  });
}

export interface InternalTokens {
  issue(caller: string): string;
  /** The caller's name. Throws ParleyError('unauthenticated'). */
  check(token: string): string;
}

/** Short-lived HMAC tokens `<caller>.<expiry>.<nonce>.<signature>`; one per caller is kept until half of its life is over. */
export function createInternalTokens(key: string, clock: Clock, rng: Rng): InternalTokens {
  const issued = new Map<string, { token: string; renewAt: number }>();
  const checked = new Map<string, { caller: string; expiresAt: number }>();
  const sign = (payload: string): string => createHmac('sha256', key).update(`parley-internal:${payload}`).digest('base64url');

  return {
    issue(caller) {
      const now = clock.now();
      const kept = issued.get(caller);
      if (kept && kept.renewAt > now) return kept.token;
      const payload = `${Buffer.from(caller).toString('base64url')}.${now + TOKEN_LIFE_MS}.${rng.secret(8)}`;
      const token = `${payload}.${sign(payload)}`;
      issued.set(caller, { token, renewAt: now + TOKEN_LIFE_MS / 2 });
      return token;
    },
    check(token) {
      const now = clock.now();
      const known = checked.get(token);
      if (known && known.expiresAt > now) return known.caller;
      checked.delete(token);
      const end = token.lastIndexOf('.');
      const payload = token.slice(0, Math.max(end, 0));
      const [caller = '', expiry = ''] = payload.split('.');
      const given = Buffer.from(token.slice(end + 1));
      const wanted = Buffer.from(sign(payload));
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw new ParleyError('unauthenticated', 'The internal token is not ours.');
      const expiresAt = Number(expiry);
      if (!(expiresAt > now)) throw new ParleyError('unauthenticated', 'The internal token has expired.');
      const entry = { caller: Buffer.from(caller, 'base64url').toString(), expiresAt };
      if (checked.size >= 100) checked.clear();
      checked.set(token, entry);
      return entry.caller;
    },
  };
}
