// A server frame as the bytes of one WebSocket text frame that holds one Socket.IO packet of the default namespace, ready to be written.
// Several of them one after the other are several frames: that is how frames are joined.
import type { Codec } from '../client-socket.ts';
import { textFrame } from './frames.ts';

/** `4` = message of engine.io, `2` = event of socket.io. */
export const encodeEvent = (name: string, payload: unknown): Buffer => textFrame(`42${JSON.stringify([name, payload])}`);

export const socketIoCodec: Codec = { encode: encodeEvent };
