// One Engine.IO v4 connection over WebSocket on a raw TCP socket: heartbeats, messages, close. What is written is written at once and by nobody
// else, so the order of a socket is the order of the calls. It knows nothing of Socket.IO.
import type { Socket } from 'node:net';
import type { ReadyBytes } from '../client-socket.ts';
import { type FrameSink, readFrames, type Unfinished } from './frame-reader.ts';
import { CLOSE, closeFrame, pongFrame, textFrame } from './frames.ts';
import type { Beating, Heartbeats } from './heartbeats.ts';

/** A closing connection that the client does not end itself is cut after this time. */
const LAST_BYTES_MS = 5_000;
/** Who does not read gets no pongs. */
const PONG_BYTES_MAX = 65_536;

const PING = textFrame('2');
const CLOSING = closeFrame(null);

/** What all connections of one server share. */
export interface EngineShared {
  readonly heartbeats: Heartbeats<EngineSocket>;
  /** Of one message. */
  readonly maxBytes: number;
}

interface Linked extends Socket {
  parleySocket?: EngineSocket;
}

export abstract class EngineSocket implements FrameSink, Beating {
  place = 0;
  protected readonly raw: Socket;
  private readonly engine: EngineShared;
  private unfinished: Unfinished | null = null;
  private life: 'open' | 'closing' | 'closed' = 'open';
  private pulse: 'new' | 'asked' | 'heard' = 'new';

  /** `raw`: after its upgrade. */
  constructor(raw: Socket, engine: EngineShared) {
    this.raw = raw;
    this.engine = engine;
    (raw as Linked).parleySocket = this;
    engine.heartbeats.add(this);
    raw.setTimeout(0);
    raw.setNoDelay(true);
    raw.on('error', ignore);
    raw.on('data', onData);
    raw.on('end', onEnd);
    raw.on('close', onClose);
  }

  /** A message of the client, in order. Never throws. */
  protected abstract message(data: string | Buffer): void;
  /** Nothing more comes or goes; once. */
  protected abstract gone(): void;
  /** May it stay, after its first ping, as far as the protocol above goes? */
  protected abstract mayStay(): boolean;

  get isOpen(): boolean {
    return this.life === 'open';
  }

  /** Bytes taken that the network has not taken yet. */
  bufferedBytes(): number {
    return this.raw.writableLength;
  }

  write(bytes: ReadyBytes): void {
    if (this.life === 'open') this.raw.write(bytes);
  }

  /** What was written goes out first, in bounded time; `now`: it does not. */
  close(now: boolean): void {
    if (now) this.cut();
    else this.finish(CLOSING);
  }

  text(text: string): void {
    const type = text.charCodeAt(0);
    if (type === MESSAGE) this.message(text.slice(1));
    else if (type === PONG) this.pulse = 'heard';
    else if (type !== NOOP) this.finish(CLOSING);
  }

  binary(bytes: Buffer): void {
    this.message(bytes);
  }

  ping(payload: Buffer): void {
    if (this.raw.writableLength <= PONG_BYTES_MAX) this.raw.write(pongFrame(payload));
  }

  goodbye(code: number | null): void {
    this.finish(closeFrame(code));
  }

  broken(code: number): void {
    this.finish(closeFrame(code));
  }

  ask(): void {
    if (this.life !== 'open') return;
    this.pulse = 'asked';
    this.raw.write(PING);
  }

  look(): void {
    if (this.life === 'closing' || this.pulse === 'asked') this.cut();
    else if (this.pulse === 'heard' && !this.mayStay()) this.finish(CLOSING);
  }

  /** Called by the raw socket. */
  read(chunk: Buffer): void {
    if (this.life === 'open') this.unfinished = readFrames(this.unfinished, chunk, this, this.engine.maxBytes);
  }

  /** Called by the raw socket: it is no more. */
  ended(): void {
    this.engine.heartbeats.remove(this);
    this.leave('closed');
  }

  /** Closes as broken: what the client sent makes no sense. */
  protected refuse(): void {
    this.finish(closeFrame(CLOSE.protocol));
  }

  private finish(last: Buffer): void {
    if (this.life !== 'open') return;
    this.raw.end(last);
    this.engine.heartbeats.lookIn(this, LAST_BYTES_MS);
    this.leave('closing');
  }

  private cut(): void {
    this.leave('closed');
    this.raw.destroy();
  }

  private leave(life: 'closing' | 'closed'): void {
    const wasOpen = this.life === 'open';
    this.life = life;
    this.unfinished = null;
    if (wasOpen) this.gone();
  }
}

const MESSAGE = '4'.charCodeAt(0);
const PONG = '3'.charCodeAt(0);
const NOOP = '6'.charCodeAt(0);

// Shared by all sockets: closures for each would cost each.
const ignore = (): void => {};
function onData(this: Socket, chunk: Buffer): void {
  (this as Linked).parleySocket?.read(chunk);
}
function onEnd(this: Socket): void {
  (this as Linked).parleySocket?.close(false);
}
function onClose(this: Socket): void {
  (this as Linked).parleySocket?.ended();
}
