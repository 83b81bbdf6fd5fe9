// What the core needs of a socket, in the smallest words: socket.io is one adapter, the simulation's network another.
// The core never sees the transport; an adapter never decides what is sent.
import type { ErrorBody, ServerFrame, ServerFrameName } from '@parley/protocol';

/** Bytes that can be written to a socket as they are: one or several whole frames. */
export type ReadyBytes = Uint8Array;

/** Encodes a server frame once for all who get it. Frames can be joined: the bytes one after the other. */
export interface Codec {
  encode<N extends ServerFrameName>(name: N, payload: ServerFrame<N>): ReadyBytes;
}

export interface ClientSocket {
  /** Unique in this worker. */
  readonly id: string;
  /** One frame for this socket alone, in order with all that is written to it. */
  emit<N extends ServerFrameName>(name: N, payload: ServerFrame<N>): void;
  /** Whole frames of the codec, joined; the bytes are shared by many sockets and must not be changed. */
  write(bytes: ReadyBytes): void;
  /** Bytes taken by emit and write that the network has not taken yet. */
  bufferedBytes(): number;
  /** Closes after what was written has gone out; `now`: throws it away. Idempotent. */
  close(now: boolean): void;
}

/** Answers a client's frame; called at most once. A frame that asked for no answer has an ack that does nothing. */
export type AckFn = (answer: { readonly ok: true; readonly [field: string]: unknown } | { readonly ok: false; readonly error: ErrorBody }) => void;

/** What the adapter calls for an accepted socket. */
export interface Accepted {
  /** A frame of the client, in order of arrival; `payload` is whatever the client sent. Never throws. */
  frame(name: string, payload: unknown, ack: AckFn): void;
  /** The transport is gone. Idempotent. */
  closed(): void;
}
