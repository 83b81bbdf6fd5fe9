// How often one person may call: generous for people and their clients, a wall for a loop. Sessions of class `load` do not ask; calls
// without a session have limits of their own where they are answered. Sockets are counted in the gateway.
import { ParleyError } from '@parley/protocol';
import type { FastifyInstance } from 'fastify';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

export interface CallLimits {
  readonly readsPerMinute: number;
  readonly writesPerMinute: number;
}

export const CALL_LIMITS: CallLimits = { readsPerMinute: 1_200, writesPerMinute: 300 };
const MINUTE_S = 60;

export function registerCallLimits(app: FastifyInstance, { readsPerMinute, writesPerMinute }: CallLimits): void {
  const reads = new RateLimiterMemory({ keyPrefix: 'reads', points: readsPerMinute, duration: MINUTE_S });
  const writes = new RateLimiterMemory({ keyPrefix: 'writes', points: writesPerMinute, duration: MINUTE_S });
  // After the route's own check of the token, which says who calls.
  app.addHook('preValidation', async (request) => {
    const { caller } = request as Partial<typeof request>;
    if (caller === undefined || caller.cls === 'load') return;
    try {
      await (request.method === 'GET' || request.method === 'HEAD' ? reads : writes).consume(caller.sub);
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      throw new ParleyError('slow_down', 'Too many calls.', { retryAfterMs: refused.msBeforeNext });
    }
  });
}
