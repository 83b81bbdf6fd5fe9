// What every transport between services does alike: validate, keep the deadline, hide what broke.
import type { Clock } from '@parley/ports';
import { type Contract, ParleyError } from '@parley/protocol';
import { safeParse } from 'zod/mini';
import type { $ZodType } from 'zod/v4/core';

const RETRY_AFTER_MS = 1_000;

export const serviceOf = (contract: Contract): string => contract.name.split('.', 1)[0] ?? '';

/** `unavailable`, for a service that does not answer: what was asked of it may have been done. */
export const awayError = (service: string, cause?: unknown): ParleyError =>
  new ParleyError('unavailable', `${service} does not answer.`, { retryAfterMs: RETRY_AFTER_MS, ...(cause === undefined ? {} : { cause }) });

/** The value as its schema has it. Throws ParleyError(code). */
export function checked(schema: $ZodType, value: unknown, code: 'invalid' | 'internal', message: string): unknown {
  const result = safeParse(schema, value);
  if (!result.success) throw new ParleyError(code, message, { details: result.error.issues.slice(0, 5) });
  return result.data;
}

export const checkedRequest = (contract: Contract, request: unknown): unknown =>
  checked(contract.request, request, 'invalid', `The request of ${contract.name} is not of its contract.`);
export const checkedAnswer = (contract: Contract, answer: unknown): unknown =>
  checked(contract.response, answer, 'internal', `The answer of ${contract.name} is not of its contract.`);

/** What is not a ParleyError must not tell the caller anything of the other service's insides. */
const asParleyError = (contract: Contract, error: unknown): ParleyError =>
  error instanceof ParleyError ? error : new ParleyError('internal', `${contract.name} failed.`, { cause: error });

/** The answer, or `unavailable` when it takes longer than `ms`. */
export function withDeadline<T>(clock: Clock, contract: Contract, ms: number, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => reject(awayError(serviceOf(contract))));
    answer.then(resolve, (error) => reject(asParleyError(contract, error))).finally(() => timer.cancel());
  });
}
