// One Socket.IO connection as the core's ClientSocket. Everything goes through engine.io, which keeps one order with acks and pings;
// a raw write past it would go here and nowhere else.
import type { ServerFrame, ServerFrameName } from '@parley/protocol';
import type { Socket } from 'socket.io';
import type { ClientSocket, ReadyBytes } from '../client-socket.ts';
import { encodeEvent } from './event-frame.ts';

/** What we use of engine.io's socket (6.6): the types leave out what is not for everybody. */
interface EngineConnection {
  readonly readyState: string;
  readonly writeBuffer: readonly unknown[];
  readonly transport: { readonly writable: boolean; readonly socket?: { readonly bufferedAmount: number; terminate(): void } };
  write(data: string, options: { compress: boolean; wsPreEncodedFrame: readonly ReadyBytes[] }): unknown;
  close(): void;
}

export class EngineSocket implements ClientSocket {
  readonly id: string;
  private readonly conn: EngineConnection;
  /** Bytes in engine.io's own buffer: it replaces the array when it hands everything on. */
  private buffer: readonly unknown[];
  private queued = 0;

  constructor(socket: Socket) {
    this.id = socket.id;
    this.conn = socket.conn as unknown as EngineConnection;
    this.buffer = this.conn.writeBuffer;
  }

  emit<N extends ServerFrameName>(name: N, payload: ServerFrame<N>): void {
    this.write(encodeEvent(name, payload));
  }

  write(bytes: ReadyBytes): void {
    if (this.conn.readyState !== 'open') return;
    this.conn.write('', { compress: false, wsPreEncodedFrame: [bytes] });
    if (this.conn.writeBuffer.length === 0) return;
    this.forgetHandedOn();
    this.queued += bytes.byteLength;
  }

  bufferedBytes(): number {
    // Asked for every delivery: engine.io is writable again only when the network has taken all of it.
    if (this.conn.transport.writable) return 0;
    this.forgetHandedOn();
    return this.queued + (this.conn.transport.socket?.bufferedAmount ?? 0);
  }

  close(now: boolean): void {
    // Stock clients come back by themselves after a transport close, not after a socket.io disconnect.
    if (now) this.conn.transport.socket?.terminate();
    else this.conn.close();
  }

  private forgetHandedOn(): void {
    if (this.conn.writeBuffer === this.buffer) return;
    this.buffer = this.conn.writeBuffer;
    this.queued = 0;
  }
}
