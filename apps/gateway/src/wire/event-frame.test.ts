// Bytes written to a socket decode to the frames, in order, however they were joined.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { join, Ring } from '../rooms/ring.ts';
import { encodeEvent } from './event-frame.ts';

/** RFC 6455, server to client: whole unmasked text frames. */
function decodeFrames(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    expect(view.getUint8(at)).toBe(0x81);
    const short = view.getUint8(at + 1);
    const [length, header] = short < 126 ? [short, 2] : short === 126 ? [view.getUint16(at + 2), 4] : [Number(view.getBigUint64(at + 2)), 10];
    texts.push(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(at + header, at + header + length)));
    at += header + length;
  }
  return texts;
}

const frame = fc.tuple(fc.constantFrom('event', 'live', 'state'), fc.record({ seq: fc.nat(), text: fc.string({ unit: 'grapheme', maxLength: 300 }) }));

test('joined frames decode to the frames in order', () => {
  fc.assert(
    fc.property(fc.array(frame, { minLength: 1, maxLength: 40 }), (frames) => {
      const texts = decodeFrames(join(frames.map(([name, payload]) => encodeEvent(name, payload))));
      expect(texts).toEqual(frames.map((one) => `42${JSON.stringify(one)}`));
    }),
  );
});

test.each([1, 125, 126, 127, 65_535, 65_536, 200_000])('a frame of about %i bytes has the right header', (bytes) => {
  for (const length of [bytes - 12, bytes - 11, bytes - 10, bytes - 9, bytes]) {
    const payload = 'x'.repeat(Math.max(0, length));
    expect(decodeFrames(encodeEvent('event', payload))).toEqual([`42["event","${payload}"]`]);
  }
});

test('the ring gives what follows a place, as long as it reaches back to it', () => {
  fc.assert(
    fc.property(fc.nat(50), fc.array(fc.nat(60), { maxLength: 60 }), fc.integer({ min: 50, max: 1_000 }), (head, sizes, maxBytes) => {
      const ring = new Ring(head, maxBytes, 1_000);
      const all = sizes.map((size, i) => encodeEvent('event', { seq: head + i + 1, text: 'x'.repeat(size) }));
      for (const bytes of all) ring.push(bytes, 0);
      expect(ring.head).toBe(head + sizes.length);
      for (let at = ring.from; at <= ring.head; at++) {
        const rest = all.slice(at - head);
        expect(ring.after(at)).toEqual(rest.length === 0 ? null : join(rest));
      }
      if (ring.from > head) expect(() => ring.after(ring.from - 1)).toThrow(RangeError);
      expect(all.slice(ring.from - head).reduce((sum, bytes) => sum + bytes.byteLength, 0)).toBeLessThanOrEqual(maxBytes);
    }),
  );
});

test('frames older than the bound are let go', () => {
  const ring = new Ring(0, 1_000_000, 1_000);
  for (let i = 0; i < 10; i++) ring.push(encodeEvent('event', i), i * 200);
  ring.trim(1_800);
  expect(ring.from).toBe(4);
  ring.trim(10_000);
  expect([ring.from, ring.head, ring.after(10)]).toEqual([10, 10, null]);
});
