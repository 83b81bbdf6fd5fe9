// WebSocket frames as a server writes them: whole and unmasked (RFC 6455). Several of them one after the other are several frames.

const FIN = 0x80;
const MAX_7_BITS = 125;
const MAX_16_BITS = 0xffff;

export const OPCODE = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;

/** Codes of a close that this server gives. */
export const CLOSE = { protocol: 1002, notUtf8: 1007, tooBig: 1009 } as const;

/** One text frame. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const header = length <= MAX_7_BITS ? 2 : length <= MAX_16_BITS ? 4 : 10;
  const frame = Buffer.allocUnsafe(header + length);
  frame[0] = FIN | OPCODE.text;
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

/** `payload`: what the ping brought, 125 bytes at most. */
export const pongFrame = (payload: Uint8Array): Buffer => Buffer.concat([Uint8Array.of(FIN | OPCODE.pong, payload.byteLength), payload]);

/** `code` null: a close that says nothing, as engine.io's. */
export const closeFrame = (code: number | null): Buffer =>
  code === null ? Buffer.from([FIN | OPCODE.close, 0]) : Buffer.from([FIN | OPCODE.close, 2, code >> 8, code & 0xff]);
