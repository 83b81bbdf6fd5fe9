// A server frame as the bytes of one WebSocket text frame that holds one Socket.IO packet of the default namespace, ready to be written.
// Several of them one after the other are several frames: that is how frames are joined.
import type { Codec } from '../client-socket.ts';

const FIN_TEXT = 0x81;
const MAX_7_BITS = 125;
const MAX_16_BITS = 0xffff;

/** `4` = message of engine.io, `2` = event of socket.io. Unmasked, as servers write. */
export function encodeEvent(name: string, payload: unknown): Buffer {
  const text = `42${JSON.stringify([name, payload])}`;
  const length = Buffer.byteLength(text);
  const header = length <= MAX_7_BITS ? 2 : length <= MAX_16_BITS ? 4 : 10;
  const frame = Buffer.allocUnsafe(header + length);
  frame[0] = FIN_TEXT;
  if (header === 2) frame[1] = length;
  else if (header === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, header, 'utf8');
  return frame;
}

export const socketIoCodec: Codec = { encode: encodeEvent };
