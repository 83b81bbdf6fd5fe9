// What any worker of the gateway answers for all of them.
import * as z from 'zod/mini';
import { Id } from '../ids.ts';
import { contract } from './contract.ts';

/** One worker and what it carries now. */
export const GatewayNode = z.object({
  /** This incarnation of it. */
  worker: Id,
  /** As `hello` names it; null: it has no name of its own. */
  name: z.nullable(z.string()),
  sockets: z.int(),
  users: z.int(),
  rooms: z.int(),
  draining: z.boolean(),
});
export type GatewayNode = z.infer<typeof GatewayNode>;

/** All workers that were heard of in the last seconds, the answering one first. Without a place to meet: only that one. */
export const readGatewayStats = contract('gateway.stats', z.object({}), z.object({ nodes: z.array(GatewayNode) }), { idempotent: true });
