// Calls between services of one process. Same validation, same signed token and same deadline as over HTTP, so a service cannot tell.
// Must never let a call hang: what does not answer in its contract's time is `unavailable`.
import type { Clock, Rng } from '@parley/ports';
import type { Contract, RequestOf, ResponseOf } from '@parley/protocol';
import type { InternalClient, InternalHandler } from './calls.ts';
import { awayError, checkedAnswer, checkedRequest, serviceOf, withDeadline } from './checks.ts';
import { createInternalTokens } from './tokens.ts';

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

/** The in-process transport between services. */
export function createInternalBus({ key, clock, rng }: InternalBusDeps): InternalBus {
  const handlers = new Map<string, InternalHandler>();
  const tokens = createInternalTokens(key, clock, rng);

  const serve = async (contract: Contract, token: string, request: unknown): Promise<unknown> => {
    const caller = tokens.check(token);
    const handler = handlers.get(contract.name);
    if (!handler) throw awayError(serviceOf(contract));
    return await handler.handle(checkedRequest(handler.contract, request), caller);
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
        const answer = await withDeadline(clock, contract, contract.deadlineMs, serve(contract, tokens.issue(caller), request));
        return checkedAnswer(contract, answer) as ResponseOf<C>;
      },
    }),
  };
}
