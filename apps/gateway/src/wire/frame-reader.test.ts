// Whatever bytes a client sends and however they are cut, they read as `ws` reads them; and nothing is kept between messages.
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FrameSink, readFrames, type Unfinished } from './frame-reader.ts';

/** The receiver of `ws` as far as it is used here: its types leave it out. */
interface PeerReceiver {
  on(event: string, listener: (...args: never[]) => void): void;
  write(chunk: Buffer): boolean;
}
const { Receiver } = createRequire(import.meta.url)('ws') as { Receiver: new (options: object) => PeerReceiver };

const MAX = 300;
type Read = readonly unknown[];

interface Frame {
  readonly fin: boolean;
  readonly reserved: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payload: Uint8Array;
  readonly mask: Uint8Array;
  /** Of the length field: longer than need be is allowed. */
  readonly form: 'short' | '16' | '64';
}

function bytesOf({ fin, reserved, opcode, masked, payload, mask, form }: Frame): Buffer {
  const { length } = payload;
  const used = form === 'short' && length > 125 ? '16' : form;
  const head = Buffer.alloc(used === 'short' ? 2 : used === '16' ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | (used === 'short' ? length : used === '16' ? 126 : 127);
  if (used === '16') head.writeUInt16BE(length, 2);
  if (used === '64') head.writeBigUInt64BE(BigInt(length), 2);
  const body = masked ? payload.map((byte, i) => byte ^ (mask[i % 4] as number)) : payload;
  return Buffer.concat([head, ...(masked ? [mask] : []), body]);
}

function readByUs(chunks: readonly Buffer[]): { read: Read[]; unfinished: Unfinished | null } {
  const read: Read[] = [];
  const sink = {
    isOpen: true,
    text: (text: string) => read.push(['text', text]),
    binary: (bytes: Buffer) => read.push(['binary', bytes.toString('hex')]),
    ping: (payload: Buffer) => read.push(['ping', payload.toString('hex')]),
    goodbye: (code: number | null) => {
      read.push(['goodbye', code ?? 1005]);
      sink.isOpen = false;
    },
    broken: (code: number) => {
      read.push(['broken', code]);
      sink.isOpen = false;
    },
  };
  let unfinished: Unfinished | null = null;
  for (const chunk of chunks) if (sink.isOpen) unfinished = readFrames(unfinished, chunk, sink as unknown as FrameSink, MAX);
  return { read, unfinished };
}

async function readByWs(chunks: readonly Buffer[]): Promise<Read[]> {
  const read: Read[] = [];
  const receiver = new Receiver({ isServer: true, maxPayload: MAX });
  let isOpen = true;
  receiver.on('message', (data: Buffer, isBinary: boolean) => read.push(isBinary ? ['binary', data.toString('hex')] : ['text', data.toString('utf8')]));
  receiver.on('ping', (payload: Buffer) => read.push(['ping', payload.toString('hex')]));
  receiver.on('conclude', (code: number) => {
    read.push(['goodbye', code]);
    isOpen = false;
  });
  receiver.on('error', (error: Error) => {
    const code = Object.getOwnPropertySymbols(error).map((symbol) => (error as unknown as Record<symbol, unknown>)[symbol]);
    read.push(['broken', code.find((value) => typeof value === 'number')]);
    isOpen = false;
  });
  for (const chunk of chunks) {
    if (isOpen) receiver.write(chunk);
    await new Promise(process.nextTick);
  }
  return read;
}

const payloadOf = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => new TextEncoder().encode(text)) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 20 }) },
  { weight: 1, arbitrary: fc.integer({ min: 100, max: MAX + 10 }).map((length) => new Uint8Array(length).fill(0x61)) },
);
const mask = fc.uint8Array({ minLength: 4, maxLength: 4 });
const form = fc.constantFrom('short' as const, 'short' as const, '16' as const, '64' as const);

/** Whole messages in one or several frames, with control frames between them. */
const message = fc.record({ parts: fc.array(payloadOf, { minLength: 1, maxLength: 4 }), isText: fc.boolean(), mask, form }).chain(({ parts, ...rest }) =>
  fc.array(fc.constantFrom(null, 0x9, 0xa), { minLength: parts.length, maxLength: parts.length }).map((controls) =>
    parts.flatMap((payload, i): Frame[] => {
      const part = { fin: i === parts.length - 1, reserved: 0, opcode: i > 0 ? 0 : rest.isText ? 1 : 2, masked: true, payload, ...rest };
      const control = controls[i] ?? null;
      return control === null ? [part] : [{ ...part, fin: true, opcode: control, payload: payload.subarray(0, 125), form: 'short' }, part];
    }),
  ),
);
const wild: fc.Arbitrary<Frame[]> = fc
  .record({
    fin: fc.boolean(),
    reserved: fc.constantFrom(0, 0, 0, 0, 1, 2, 4),
    opcode: fc.constantFrom(0, 1, 2, 8, 8, 9, 10, 3, 11),
    masked: fc.constantFrom(true, true, true, false),
    payload: fc.oneof(
      payloadOf,
      fc.integer({ min: 900, max: 5_100 }).map((code) => Uint8Array.of(code >> 8, code & 255, 0x6f)),
    ),
    mask,
    form,
  })
  .map((frame) => [frame]);
const stream = fc
  .array(fc.oneof({ weight: 5, arbitrary: message }, { weight: 1, arbitrary: wild }), { maxLength: 12 })
  // What is refused is refused at the latest when something follows.
  .map((parts) =>
    Buffer.concat([
      ...parts.flat().map(bytesOf),
      bytesOf({ fin: true, reserved: 0, opcode: 0xa, masked: true, payload: new Uint8Array(16), mask: new Uint8Array(4), form: 'short' }),
    ]),
  );

const cut = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const at = [...new Set([0, ...cuts.map((part) => Math.floor(part * bytes.length)), bytes.length])].sort((a, b) => a - b);
  // Each its own copy: reading changes a chunk.
  return at.slice(1).map((end, i) => Buffer.from(bytes.subarray(at[i], end)));
};

test('reads what ws reads, and ends as it ends', async () => {
  await fc.assert(
    fc.asyncProperty(stream, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }), async (bytes, cuts) => {
      expect(readByUs(cut(bytes, cuts)).read).toEqual(await readByWs(cut(bytes, cuts)));
    }),
    { numRuns: 1_000 },
  );
});

test('however the bytes are cut, the same is read', () => {
  fc.assert(
    fc.property(stream, (bytes) => {
      const single = Array.from(bytes, (byte) => Buffer.of(byte));
      expect(readByUs(single).read).toEqual(readByUs([Buffer.from(bytes)]).read);
    }),
  );
});

test('between messages nothing is kept', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 6 }), (messages) => {
      const bytes = Buffer.concat(messages.flat().map(bytesOf));
      const { read, unfinished } = readByUs(Array.from(bytes, (byte) => Buffer.of(byte)));
      if (!read.some(([what]) => what === 'broken')) expect(unfinished).toBeNull();
    }),
  );
});

test('a message is bounded however many frames it comes in, and a frame by what it says of itself', () => {
  const part = (opcode: number, length: number): Buffer =>
    bytesOf({ fin: false, reserved: 0, opcode, masked: true, payload: new Uint8Array(length), mask: new Uint8Array(4), form: '64' });
  expect(readByUs([part(2, 200), part(0, 100), part(0, 1)]).read).toEqual([['broken', 1009]]);
  const huge = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
  expect(readByUs([huge]).read).toEqual([['broken', 1009]]);
});

test('goodbyes are believed as ws believes them, whatever code they give', async () => {
  const goodbye = (code: number): Buffer =>
    bytesOf({ fin: true, reserved: 0, opcode: 8, masked: true, payload: Uint8Array.of(code >> 8, code & 255), mask: new Uint8Array(4), form: 'short' });
  for (const code of [0, 999, ...Array.from({ length: 30 }, (_, i) => 1_000 + i), 1_100, 2_999, 3_000, 4_000, 4_999, 5_000, 65_535])
    expect([code, readByUs([goodbye(code)]).read]).toEqual([code, await readByWs([goodbye(code)])]);
});
