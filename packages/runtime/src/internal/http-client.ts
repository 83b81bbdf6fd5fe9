// Calls to services of other processes: POST /internal/<service>/<call> with a signed token and a deadline, behind a breaker.
// Must never take what a service refused for a service that is away, nor a refused internal token for a person who is not signed in.
import type { Clock, Rng } from '@parley/ports';
import { type Contract, ERROR_CODES, type ErrorBody, type ErrorCode, ParleyError, type RequestOf, type ResponseOf } from '@parley/protocol';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { InternalClient } from './calls.ts';
import { checkedAnswer, serviceOf } from './checks.ts';
import { DEADLINE_HEADER, INTERNAL_BODY_BYTES } from './http-names.ts';
import { type Attempt, createTargets, TargetAway, type TargetState, type Targets } from './targets.ts';
import { createInternalTokens, type InternalTokens } from './tokens.ts';
import { currentTrace } from './trace.ts';

export interface InternalHttp {
  /** A client whose calls carry a token that names `caller`. */
  clientFor(caller: string): InternalClient;
  /** Which addresses are away. */
  breakers(): readonly TargetState[];
  problems(): readonly string[];
  /** The connections themselves, for who hands on whole requests (the edge). */
  readonly targets: Targets;
  readonly tokens: InternalTokens;
  close(): Promise<void>;
}

export interface InternalHttpDeps {
  /** Shared secret of the installation's services, at least 32 characters. */
  readonly key: string;
  /** Service -> its addresses. */
  readonly urls: Readonly<Record<string, readonly string[]>>;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  readonly metrics?: Metrics;
}

const BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export function createInternalHttp({ key, urls, clock, rng, logger, metrics }: InternalHttpDeps): InternalHttp {
  const tokens = createInternalTokens(key, clock, rng);
  const targets = createTargets({ urls, clock, logger, metrics });
  const seconds = metrics?.histogram('parley_internal_call_seconds', 'Time of a call to another service', BUCKETS_S, ['call', 'outcome']);

  const ask = async (contract: Contract, caller: string, request: unknown): Promise<unknown> => {
    const options = { idempotent: contract.idempotent === true, deadlineMs: contract.deadlineMs };
    return await targets.send(serviceOf(contract), options, post(contract, tokens.issue(caller), JSON.stringify(request), logger));
  };

  return {
    clientFor: (caller) => ({
      async call<C extends Contract>(contract: C, request: RequestOf<C>): Promise<ResponseOf<C>> {
        const began = clock.monotonic();
        let outcome = 'ok';
        try {
          return checkedAnswer(contract, await ask(contract, caller, request)) as ResponseOf<C>;
        } catch (error) {
          outcome = error instanceof ParleyError ? error.code : 'internal';
          throw error instanceof ParleyError ? error : new ParleyError('internal', `${contract.name} failed.`, { cause: error });
        } finally {
          seconds?.observe({ call: contract.name, outcome }, (clock.monotonic() - began) / 1000);
        }
      },
    }),
    breakers: targets.states,
    problems: targets.problems,
    targets,
    tokens,
    close: targets.close,
  };
}

const post =
  (contract: Contract, token: string, body: string, logger: Logger): Attempt<unknown> =>
  async (pool, signal, leftMs) => {
    const trace = currentTrace();
    const response = await pool.request({
      method: 'POST',
      path: `/internal/${contract.name.replace('.', '/')}`,
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        [DEADLINE_HEADER]: String(Math.max(1, Math.floor(leftMs))),
        ...(trace === undefined ? {} : { traceparent: trace }),
      },
      body,
      signal,
    });
    const text = await readText(response.body, contract);
    if (response.statusCode === 200) return parseJson(text) ?? broken(contract, 'the answer is not JSON');
    if (response.statusCode === 401 && response.headers['www-authenticate'] !== undefined) {
      logger.error({ call: contract.name }, 'another service refused our internal token: INTERNAL_KEY or the clocks differ');
      throw new ParleyError('internal', `${contract.name} refused the internal token.`);
    }
    throw refusalIn(text) ?? broken(contract, `HTTP ${response.statusCode} that is none of ours`);
  };

/** Whoever answers like this is no service of ours: a proxy before one that is away, or a process that is ending. */
function broken(contract: Contract, what: string): never {
  throw new TargetAway(`${contract.name}: ${what}`, true);
}

async function readText(body: AsyncIterable<Buffer>, contract: Contract): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > INTERNAL_BODY_BYTES) throw new ParleyError('internal', `The answer of ${contract.name} is too large.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The ParleyError that an `{error}` body holds; null: it holds none. */
export function refusalIn(text: string): ParleyError | null {
  const error = (parseJson(text) as { error?: Partial<ErrorBody> } | null | undefined)?.error;
  if (typeof error !== 'object' || error === null || !ERROR_CODES.includes(error.code as ErrorCode)) return null;
  const { code, message, retryAfterMs, details } = error;
  return new ParleyError(code as ErrorCode, typeof message === 'string' ? message : undefined, {
    ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
    ...(details === undefined ? {} : { details }),
  });
}
