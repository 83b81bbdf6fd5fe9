// A socket of the simulation: what is written is kept as bytes, decoded, and can be made slow.
import type { ServerFrame, ServerFrameName } from '@parley/protocol';
import type { ClientSocket, Codec } from '../src/client-socket.ts';

export interface Received {
  readonly name: string;
  readonly payload: Record<string, unknown>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Frames as JSON lines. */
export const lineCodec: Codec = { encode: (name, payload) => encoder.encode(`${JSON.stringify({ name, payload })}\n`) };

export interface FakeSocket extends ClientSocket {
  readonly received: Received[];
  /** Bytes stay in the queue from now on, or the queue is taken at once. */
  slow(on: boolean): void;
  /** The network takes this much of what a slow one holds. */
  drain(bytes: number): void;
  onFrame: (frame: Received) => void;
  onClose: () => void;
  readonly isClosed: boolean;
}

export function createFakeSocket(id: string): FakeSocket {
  let buffered = 0;
  let slow = false;
  let closed = false;
  const take = (bytes: Uint8Array): void => {
    if (closed) return;
    if (slow) buffered += bytes.byteLength;
    for (const line of decoder.decode(bytes).split('\n')) {
      if (line === '') continue;
      const frame = JSON.parse(line) as Received;
      self.received.push(frame);
      self.onFrame(frame);
    }
  };
  const self: FakeSocket = {
    id,
    received: [],
    onFrame: () => {},
    onClose: () => {},
    emit: <N extends ServerFrameName>(name: N, payload: ServerFrame<N>) => take(lineCodec.encode(name, payload)),
    write: take,
    bufferedBytes: () => buffered,
    close: () => {
      if (closed) return;
      closed = true;
      self.onClose();
    },
    slow: (on) => {
      slow = on;
      if (!on) buffered = 0;
    },
    drain: (bytes) => {
      buffered = Math.max(0, buffered - bytes);
    },
    get isClosed() {
      return closed;
    },
  };
  return self;
}
