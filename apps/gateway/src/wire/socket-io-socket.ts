// One Socket.IO v5 connection of the default namespace: connect, events, acks. Who may connect and what an event means is the app's.
import type { Socket } from 'node:net';
import type { ServerFrame, ServerFrameName } from '@parley/protocol';
import type { ClientSocket } from '../client-socket.ts';
import { type EngineShared, EngineSocket } from './engine-socket.ts';
import { encodeEvent } from './event-frame.ts';
import { textFrame } from './frames.ts';
import { decodePacket, type Packet } from './packets.ts';

/** Answers an event; at most once. */
export type Ack = (...args: readonly unknown[]) => void;

/** What a server does with its sockets; `P` is what it keeps for each, `C` what it learns of who connects. */
export interface SocketIoApp<P, C> {
  /** Rejects with what `refusal` understands. */
  authenticate(auth: unknown): Promise<C>;
  /** Null: refused; the socket was told and is closed. */
  accept(socket: ClientSocket, who: C): P | null;
  /** Data of the `connect_error`. */
  refusal(error: unknown): { readonly message: string; readonly data?: unknown };
  /** `args`: name first. `ack` null: nobody waits for an answer. */
  event(peer: P, args: readonly unknown[], ack: Ack | null): void;
  closed(peer: P): void;
}

export interface SocketIoShared<P, C> extends EngineShared {
  readonly app: SocketIoApp<P, C>;
  /** Makes ids unique. */
  readonly prefix: string;
}

/** A packet in parts: its bytes are still to come. */
interface InParts {
  readonly packet: Packet;
  left: number;
}

export class SocketIoSocket<P, C> extends EngineSocket implements ClientSocket {
  private readonly shared: SocketIoShared<P, C>;
  private readonly nr: number;
  private stage: 'new' | 'asking' | 'in' = 'new';
  private peer: P | null = null;
  private inParts: InParts | null = null;

  constructor(raw: Socket, shared: SocketIoShared<P, C>, nr: number) {
    super(raw, shared);
    this.shared = shared;
    this.nr = nr;
  }

  get id(): string {
    return `${this.shared.prefix}${this.nr.toString(36)}`;
  }

  emit<N extends ServerFrameName>(name: N, payload: ServerFrame<N>): void {
    this.write(encodeEvent(name, payload));
  }

  protected override message(data: string | Buffer): void {
    const packet = typeof data === 'string' ? this.packetOf(data) : this.part();
    if (packet === null) this.refuse();
    else if (packet !== 'in parts') this.take(packet);
  }

  protected override gone(): void {
    const { peer } = this;
    this.peer = null;
    this.inParts = null;
    if (peer !== null) this.shared.app.closed(peer);
  }

  protected override mayStay(): boolean {
    return this.stage !== 'new';
  }

  private packetOf(text: string): Packet | 'in parts' | null {
    const packet = this.inParts === null ? decodePacket(text) : null;
    if (packet === null || !('attachments' in packet) || packet.attachments === 0) return packet;
    this.inParts = { packet, left: packet.attachments };
    return 'in parts';
  }

  /** Bytes are no part of any frame of Parley: they are counted, and left out. */
  private part(): Packet | 'in parts' | null {
    if (this.inParts === null) return null;
    this.inParts.left -= 1;
    if (this.inParts.left > 0) return 'in parts';
    const { packet } = this.inParts;
    this.inParts = null;
    return packet.type === 'event' ? { ...packet, args: [packet.args[0], undefined] } : packet;
  }

  private take(packet: Packet): void {
    if (packet.type === 'connect elsewhere') this.last(`4${packet.namespace},{"message":"Invalid namespace"}`);
    else if (packet.type === 'connect' && this.stage === 'new') void this.connect(packet.auth);
    else if (packet.type === 'connect' || this.peer === null) this.refuse();
    else if (packet.type === 'event') this.shared.app.event(this.peer, packet.args, packet.ackId === '' ? null : this.ackOf(packet.ackId));
    // Who leaves the namespace would keep a connection that no limit per person counts.
    else if (packet.type === 'disconnect') this.close(false);
  }

  private async connect(auth: unknown): Promise<void> {
    const { app } = this.shared;
    this.stage = 'asking';
    try {
      const who = await app.authenticate(auth);
      if (this.isOpen) this.enter(who);
    } catch (error) {
      this.last(`4${JSON.stringify(app.refusal(error))}`);
    }
  }

  private enter(who: C): void {
    this.stage = 'in';
    // The answer and what the app says first are one write.
    this.raw.cork();
    try {
      this.packet(`0{"sid":"${this.id}"}`);
      this.peer = this.shared.app.accept(this, who);
    } finally {
      this.raw.uncork();
    }
    // It ended while it was let in.
    if (!this.isOpen) this.gone();
  }

  private ackOf(id: string): Ack {
    return (...args) => this.packet(`3${id}${JSON.stringify(args)}`);
  }

  private packet(text: string): void {
    this.write(textFrame(`4${text}`));
  }

  private last(text: string): void {
    this.packet(text);
    this.close(false);
  }
}
