// What a client may tell of its own part of a trace: when a message was sent and when it was seen, in the JSON form of OTLP. Nothing else is
// taken in: a client cannot write just anything into the traces of the installation.
import * as z from 'zod/mini';
import { ERROR_CODES } from '../errors.ts';
import { Id } from '../ids.ts';

const nanos = z.string().check(z.regex(/^[0-9]{16,19}$/, 'must be ns since 1970'));
const hex = (chars: number) => z.string().check(z.regex(new RegExp(`^(?!0+$)[0-9a-f]{${chars}}$`), `must be ${chars} hex digits`));

const ClientAttribute = z.union([
  z.object({ key: z.enum(['parley.room', 'parley.clientId']), value: z.object({ stringValue: Id }) }),
  z.object({ key: z.literal('parley.seq'), value: z.object({ intValue: z.string().check(z.regex(/^[0-9]{1,15}$/)) }) }),
]);

/** One message of this client: from `send` to its result. */
export const ClientSpan = z.object({
  traceId: hex(32),
  spanId: hex(16),
  name: z.literal('client.send'),
  startTimeUnixNano: nanos,
  endTimeUnixNano: nanos,
  attributes: z.array(ClientAttribute).check(z.maxLength(3)),
  status: z.optional(z.object({ code: z.optional(z.int()), message: z.optional(z.enum(ERROR_CODES)) })),
});
export type ClientSpan = z.infer<typeof ClientSpan>;

/** POST /api/telemetry/traces. */
export const ClientTraces = z.object({
  resourceSpans: z
    .array(z.object({ scopeSpans: z.array(z.object({ spans: z.array(ClientSpan).check(z.maxLength(50)) })).check(z.maxLength(1)) }))
    .check(z.maxLength(1)),
});
export type ClientTraces = z.infer<typeof ClientTraces>;
