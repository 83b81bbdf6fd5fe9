// Records of the log as bytes, and back. A record that is not what the topic carries is a ParleyError('poison') here, not later.
import { safeParse } from 'zod/mini';
import type { $ZodType, output } from 'zod/v4/core';
import { ParleyError } from './errors.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export const encodeRecord = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));

/** Throws ParleyError('poison') when the bytes are not UTF-8, not JSON, or not of the schema. */
export function decodeRecord<S extends $ZodType>(schema: S, bytes: Uint8Array): output<S> {
  let json: unknown;
  try {
    json = JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw new ParleyError('poison', 'The record is not JSON.', { cause });
  }
  const parsed = safeParse(schema, json);
  if (!parsed.success) throw new ParleyError('poison', 'The record is not of its topic.', { details: parsed.error.issues.slice(0, 5) });
  return parsed.data as output<S>;
}
