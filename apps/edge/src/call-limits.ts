// How often one person may call: generous for people and their clients, a wall for a loop. Sessions of class `load` do not ask; calls
// without a session have limits of their own where they are answered. Sockets are counted in the gateway.
import { createLimits, type Limits } from '@parley/runtime';
import type { FastifyInstance } from 'fastify';

export interface CallLimits {
  readonly readsPerMinute: number;
  readonly writesPerMinute: number;
}

export const CALL_LIMITS: CallLimits = { readsPerMinute: 1_200, writesPerMinute: 300 };
const MINUTE_S = 60;

export function registerCallLimits(app: FastifyInstance, { readsPerMinute, writesPerMinute }: CallLimits, limits: Limits = createLimits()): void {
  const message = 'Too many calls.';
  const reads = limits({ name: 'reads', points: readsPerMinute, seconds: MINUTE_S, message });
  const writes = limits({ name: 'writes', points: writesPerMinute, seconds: MINUTE_S, message });
  // After the route's own check of the token, which says who calls.
  app.addHook('preValidation', async (request) => {
    const { caller } = request as Partial<typeof request>;
    if (caller === undefined || caller.cls === 'load') return;
    await (request.method === 'GET' || request.method === 'HEAD' ? reads : writes).take(caller.sub);
  });
}
