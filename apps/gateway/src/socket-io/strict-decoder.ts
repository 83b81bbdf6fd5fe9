// Socket.IO's decoder, with what this server never takes refused before it is parsed: a second CONNECT (each costs a token check), other
// namespaces, ack ids that do not survive being a number. It throws, and the connection is closed as broken.
import { Decoder } from 'socket.io-parser';

/** Fifteen digits are a safe integer. */
const ACK_ID_DIGITS_MAX = 15;
const HEAD = /^([0-6])(?:\d*-)?(\/)?(\d*)/;

export class StrictDecoder extends Decoder {
  private connected = false;

  override add(data: unknown): void {
    if (typeof data === 'string') this.check(data);
    super.add(data);
  }

  private check(packet: string): void {
    const head = HEAD.exec(packet);
    if (head === null) throw new Error('unknown packet type');
    const [, type, namespace, ackId] = head;
    if (namespace !== undefined) throw new Error('only the default namespace is served');
    if ((ackId ?? '').length > ACK_ID_DIGITS_MAX) throw new Error('ack id out of range');
    if (type !== '0') return;
    if (this.connected) throw new Error('connected already');
    this.connected = true;
  }
}
