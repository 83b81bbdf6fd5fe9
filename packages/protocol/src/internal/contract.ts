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
}

export const contract = <Req extends $ZodType, Res extends $ZodType>(name: string, request: Req, response: Res, deadlineMs = 4000): Contract<Req, Res> => ({
  name,
  request,
  response,
  deadlineMs,
});

export type RequestOf<C extends Contract> = z.infer<C['request']>;
export type ResponseOf<C extends Contract> = z.infer<C['response']>;
