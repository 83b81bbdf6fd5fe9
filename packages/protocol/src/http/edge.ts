// HTTP bodies of the edge: where things are.
import * as z from 'zod/mini';

/** `not`: the gateway that the client was at last; another one is named where there is one, for that one may be gone before anybody knows. */
export const ConnectQuery = z.object({ not: z.optional(z.string().check(z.maxLength(500))) });
/** GET /api/connect: where the socket is. A path is on this server; another gateway is named by its whole address. */
export const Connect = z.object({ url: z.string() });
export type Connect = z.infer<typeof Connect>;
