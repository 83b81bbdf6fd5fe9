// Calls between services: one shape, validated on both sides, carried in one process or over HTTP alike.
import type * as z from 'zod/mini';
import type { $ZodType } from 'zod/v4/core';

export interface Contract<Req extends $ZodType = $ZodType, Res extends $ZodType = $ZodType> {
  /** `<service>.<call>`; over HTTP: POST /internal/<service>/<call>. */
  readonly name: string;
  readonly request: Req;
  readonly response: Res;
  /** How long a caller waits before it says `unavailable`. */
  readonly deadlineMs: number;
  /** Does asking twice do no more than asking once? Only then is a call repeated elsewhere that may have been taken. */
  readonly idempotent?: boolean;
}

export interface ContractOptions {
  readonly deadlineMs?: number;
  readonly idempotent?: boolean;
}

/** `options`: a deadline in ms (default 4000), or more. */
export const contract = <Req extends $ZodType, Res extends $ZodType>(
  name: string,
  request: Req,
  response: Res,
  options: number | ContractOptions = {},
): Contract<Req, Res> => {
  const { deadlineMs = 4000, idempotent = false } = typeof options === 'number' ? { deadlineMs: options } : options;
  return { name, request, response, deadlineMs, idempotent };
};

export type RequestOf<C extends Contract> = z.infer<C['request']>;
export type ResponseOf<C extends Contract> = z.infer<C['response']>;
