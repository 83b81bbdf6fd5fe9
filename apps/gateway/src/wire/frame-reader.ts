// WebSocket frames as clients write them (RFC 6455: masked, fragmented at will), out of the chunks of a TCP stream. Between messages a socket
// keeps nothing here; within one it never holds more than the largest message allowed.
import { isUtf8 } from 'node:buffer';
import { CLOSE, OPCODE } from './frames.ts';

const FIN = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;
const MASK_BYTES = 4;
/** Of a frame with the longest length: enough to know the rest. */
const HEAD_BYTES_MAX = 14;
const CONTROL_BYTES_MAX = 125;

/** What is read goes here, in order, as long as it is open. */
export interface FrameSink {
  readonly isOpen: boolean;
  text(text: string): void;
  binary(bytes: Buffer): void;
  ping(payload: Buffer): void;
  /** The client says goodbye; `code` null: without a word. */
  goodbye(code: number | null): void;
  /** Nothing more can be understood: close with this code. */
  broken(code: number): void;
}

/** What is unfinished at the end of a chunk. */
export interface Unfinished {
  /** The begun frame: `filled` bytes of it are here. */
  frame: Buffer | null;
  filled: number;
  /** The begun message: `length` bytes of it are here. */
  message: Buffer | null;
  length: number;
  isText: boolean;
}

class Broken extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`websocket ${code}`);
    this.code = code;
  }
}

/** Reads a chunk, which is changed; answers what the next call must be given. `maxBytes`: of one message. */
export function readFrames(unfinished: Unfinished | null, chunk: Buffer, sink: FrameSink, maxBytes: number): Unfinished | null {
  const state = unfinished ?? { frame: null, filled: 0, message: null, length: 0, isText: false };
  try {
    let at = state.frame === null ? 0 : finishFrame(state, chunk, sink, maxBytes);
    while (at < chunk.length && sink.isOpen) {
      const needed = neededOf(chunk, at, chunk.length, state, maxBytes);
      if (at + needed > chunk.length) {
        keep(state, chunk, at, needed);
        break;
      }
      takeFrame(state, chunk, at, at + needed, sink);
      at += needed;
    }
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    sink.broken(error.code);
    return null;
  }
  return sink.isOpen && (state.frame !== null || state.message !== null) ? state : null;
}

function keep(state: Unfinished, chunk: Buffer, at: number, needed: number): void {
  // A copy: the chunk may be large, and hold others' frames.
  state.frame = Buffer.allocUnsafeSlow(Math.max(HEAD_BYTES_MAX, needed));
  state.filled = chunk.copy(state.frame, 0, at);
}

/** Fills the begun frame by exactly what it needs, and takes it when it is whole. Answers how much of the chunk that was. */
function finishFrame(state: Unfinished, chunk: Buffer, sink: FrameSink, maxBytes: number): number {
  let at = 0;
  for (let frame = state.frame; frame !== null; frame = state.frame) {
    const needed = neededOf(frame, 0, state.filled, state, maxBytes);
    if (needed === state.filled) {
      state.frame = null;
      takeFrame(state, frame, 0, needed, sink);
      break;
    }
    if (at === chunk.length) break;
    if (needed > frame.length) {
      state.frame = Buffer.allocUnsafeSlow(needed);
      frame.copy(state.frame, 0, 0, state.filled);
    }
    const taken = Math.min(needed - state.filled, chunk.length - at);
    chunk.copy(state.frame as Buffer, state.filled, at, at + taken);
    state.filled += taken;
    at += taken;
  }
  return at;
}

/** Bytes that the frame at `at` has, as far as is known by now: never more than there are unless it is unfinished. */
function neededOf(data: Buffer, at: number, end: number, state: Unfinished, maxBytes: number): number {
  if (end - at < 2) return 2;
  const second = data.readUInt8(at + 1);
  const opcode = checkHead(data.readUInt8(at), second, state.message !== null);
  const short = second & 0x7f;
  const head = 2 + (short < 126 ? 0 : short === 126 ? 2 : 8) + MASK_BYTES;
  if (end - at < head) return head;
  const length = short < 126 ? short : short === 126 ? data.readUInt16BE(at + 2) : longLength(data, at + 2);
  if (opcode < OPCODE.close && length + state.length > maxBytes) throw new Broken(CLOSE.tooBig);
  return head + length;
}

const longLength = (data: Buffer, at: number): number => (data.readUInt32BE(at) === 0 ? data.readUInt32BE(at + 4) : Number.POSITIVE_INFINITY);

function checkHead(first: number, second: number, inMessage: boolean): number {
  const opcode = first & 0x0f;
  const [fin, length] = [(first & FIN) !== 0, second & 0x7f];
  const known =
    opcode === OPCODE.continuation
      ? inMessage
      : opcode === OPCODE.text || opcode === OPCODE.binary
        ? !inMessage
        : opcode >= OPCODE.close && opcode <= OPCODE.pong && fin && length <= CONTROL_BYTES_MAX && !(opcode === OPCODE.close && length === 1);
  if (!known || (first & RESERVED) !== 0 || (second & MASKED) === 0) throw new Broken(CLOSE.protocol);
  return opcode;
}

function takeFrame(state: Unfinished, data: Buffer, at: number, end: number, sink: FrameSink): void {
  const first = data.readUInt8(at);
  const short = data.readUInt8(at + 1) & 0x7f;
  const start = at + 2 + (short < 126 ? 0 : short === 126 ? 2 : 8) + MASK_BYTES;
  const payload = data.subarray(start, end);
  unmask(payload, data, start - MASK_BYTES);
  const opcode = first & 0x0f;
  if (opcode >= OPCODE.close) takeControl(opcode, payload, sink);
  else if (state.message === null && (first & FIN) !== 0) give(sink, payload, opcode === OPCODE.text);
  else collect(state, payload, opcode, (first & FIN) !== 0, sink);
}

function unmask(payload: Buffer, data: Buffer, maskAt: number): void {
  const mask = [data.readUInt8(maskAt), data.readUInt8(maskAt + 1), data.readUInt8(maskAt + 2), data.readUInt8(maskAt + 3)] as const;
  for (let i = 0; i < payload.length; i++) (payload as Uint8Array)[i]! ^= mask[(i & 3) as 0 | 1 | 2 | 3];
}

function takeControl(opcode: number, payload: Buffer, sink: FrameSink): void {
  if (opcode === OPCODE.ping) sink.ping(payload);
  else if (opcode === OPCODE.close) sink.goodbye(closeCodeOf(payload));
}

function closeCodeOf(payload: Buffer): number | null {
  if (payload.length === 0) return null;
  const code = payload.readUInt16BE(0);
  if (!isCloseCode(code)) throw new Broken(CLOSE.protocol);
  if (!isUtf8(payload.subarray(2))) throw new Broken(CLOSE.notUtf8);
  return code;
}

const isCloseCode = (code: number): boolean =>
  (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999);

/** One part of a message in several frames: copied, so that many small ones hold no chunks. */
function collect(state: Unfinished, payload: Buffer, opcode: number, fin: boolean, sink: FrameSink): void {
  if (state.message === null) {
    state.message = Buffer.allocUnsafeSlow(Math.max(payload.length, 256));
    state.isText = opcode === OPCODE.text;
  }
  const length = state.length + payload.length;
  if (length > state.message.length) {
    const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * state.message.length));
    state.message.copy(larger, 0, 0, state.length);
    state.message = larger;
  }
  payload.copy(state.message, state.length);
  state.length = length;
  if (!fin) return;
  const message = state.message.subarray(0, length);
  state.message = null;
  state.length = 0;
  give(sink, message, state.isText);
}

function give(sink: FrameSink, payload: Buffer, isText: boolean): void {
  if (!isText) sink.binary(payload);
  else if (isUtf8(payload)) sink.text(payload.toString('utf8'));
  else throw new Broken(CLOSE.notUtf8);
}
