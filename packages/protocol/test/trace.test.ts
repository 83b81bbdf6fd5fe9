// Traceparents: what is one, and what becomes of what is none.
import { describe, expect, test } from 'vitest';
import { safeParse } from 'zod/mini';
import { CLIENT_FRAMES, isTraceparent, traceIdsOf, traceparentOf } from '../src/index.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const ID = '018f0000-0000-7000-8000-0000000000a1';

describe('a traceparent', () => {
  test('is taken apart and put together again the same', () => {
    const text = `00-${TRACE}-${SPAN}-01`;
    expect(traceIdsOf(text)).toEqual({ trace: TRACE, span: SPAN, sampled: true });
    expect(traceparentOf(traceIdsOf(text))).toBe(text);
    expect(traceIdsOf(`00-${TRACE}-${SPAN}-00`).sampled).toBe(false);
  });

  test.each([
    ['of another version', `01-${TRACE}-${SPAN}-01`],
    ['with an id of zeroes', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['with a span of zeroes', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['in upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['with more behind it', `00-${TRACE}-${SPAN}-01-secret`],
    ['that is a number', 7],
    ['that is very long', 'x'.repeat(60_000)],
  ])('%s is none, and the command that it came with is taken without it', (_what, trace) => {
    expect(isTraceparent(trace)).toBe(false);
    const parsed = safeParse(CLIENT_FRAMES.send, { type: 'message.delete', room: ID, clientId: ID, trace, body: { target: 3 } });
    expect(parsed).toMatchObject({ success: true });
    expect(parsed.data?.trace).toBeUndefined();
  });

  test('that is good stays with its command', () => {
    const trace = `00-${TRACE}-${SPAN}-01`;
    expect(safeParse(CLIENT_FRAMES.send, { type: 'message.delete', room: ID, clientId: ID, trace, body: { target: 3 } }).data).toMatchObject({ trace });
  });
});
