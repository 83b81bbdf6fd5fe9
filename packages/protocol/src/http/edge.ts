// HTTP bodies of the edge: where things are.
import * as z from 'zod/mini';

/** GET /api/connect: where the socket is. A path is on this server; another gateway is named by its whole address. */
export const Connect = z.object({ url: z.string() });
export type Connect = z.infer<typeof Connect>;
