// Calls between services: the contract is validated and the caller's token checked on the way in, in one process as over HTTP.
import type { Contract, RequestOf, ResponseOf } from '@parley/protocol';

export interface InternalHandler {
  readonly contract: Contract;
  handle(request: unknown, caller: string): Promise<unknown>;
}

/** Ties a contract to the function that answers it, typed. `caller` is the calling service's name, from its signed token. */
export const answer = <C extends Contract>(contract: C, handle: (request: RequestOf<C>, caller: string) => Promise<ResponseOf<C>>): InternalHandler => ({
  contract,
  handle: handle as InternalHandler['handle'],
});

export interface InternalClient {
  /**
   * Throws ParleyError: what the service threw, or `unavailable` after the contract's deadline or when the service is away.
   */
  call<C extends Contract>(contract: C, request: RequestOf<C>): Promise<ResponseOf<C>>;
}
