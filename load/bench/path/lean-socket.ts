// A member of rooms that costs next to nothing: raw TCP, one read buffer for all, frames judged where they lie. Each socket checks that its
// rooms' events follow each other without a hole or a repeat. It keeps the protocol of docs/protocol.md, not more; a benchmark's only.
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

export interface LeanRoom {
  readonly id: string;
  /** Everything up to and with this seq was got, or is not ours to get. */
  seq: number;
  /** At its head: events come as they are said. */
  live: boolean;
}

/** Shared by all sockets of one measurement. */
export interface LeanTally {
  events: number;
  /** Events that did not follow the one before. */
  gaps: number;
  resets: number;
  bytes: number;
  reads: number;
  acks: number;
  refused: Record<string, number>;
}

export const newTally = (): LeanTally => ({ events: 0, gaps: 0, resets: 0, bytes: 0, reads: 0, acks: 0, refused: {} });

export interface LeanListener {
  /** Resumed; the rooms are known. */
  readonly online?: (socket: LeanSocket) => void;
  /** One room is live. */
  readonly live?: (socket: LeanSocket, room: LeanRoom) => void;
  /** The connection is over; `wasOnline`: it had been resumed. `retryAfterMs` by the server's word. */
  readonly closed?: (socket: LeanSocket, wasOnline: boolean, retryAfterMs: number | undefined) => void;
  /** ms from a message's mark to its arrival; asked only of sockets that are `timed`. */
  readonly latency?: (ms: number) => void;
}

export interface LeanOptions {
  readonly token: string;
  readonly tally: LeanTally;
  readonly listener?: LeanListener;
  readonly timed?: boolean;
}

/** What the text of a message that is timed begins with: `@<performance.now()>@`. */
export const markNow = (): string => `@${performance.now().toFixed(3)}@`;

const BUFFER = Buffer.allocUnsafeSlow(1 << 20);
const EVENT = Buffer.from('42["event",{"room":"');
const ROOM_AT = EVENT.length;
const SEQ_AT = ROOM_AT + 36 + '","seq":'.length;
const [AT, QUOTE] = [0x40, 0x22];
const TIMED_AFTER = Buffer.from('"text":"@');

export class LeanSocket {
  readonly token: string;
  readonly rooms = new Map<string, LeanRoom>();
  readonly timed: boolean;
  private readonly tally: LeanTally;
  private readonly listener: LeanListener;
  private only: LeanRoom | null = null;
  private socket: Socket | null = null;
  private rest: Buffer | null = null;
  private open = false;
  private epoch = '';
  private ver: number | null = null;
  private ackId = 1;
  private retryAfterMs: number | undefined;
  resumed = false;

  constructor({ token, tally, listener = {}, timed = false }: LeanOptions) {
    this.token = token;
    this.tally = tally;
    this.listener = listener;
    this.timed = timed;
  }

  /** Opens the socket, signs in, and goes on from the places that it holds. */
  connect(host: string, port: number): void {
    this.open = this.resumed = false;
    this.rest = null;
    this.retryAfterMs = undefined;
    for (const room of this.rooms.values()) room.live = false;
    const socket: Socket = connect({
      host,
      port,
      noDelay: true,
      onread: { buffer: BUFFER, callback: (bytes: number, buffer): boolean => this.socket === socket && this.read((buffer as Buffer).subarray(0, bytes)) },
    });
    this.socket = socket;
    socket.on('connect', () =>
      socket.write(
        `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: ${host}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      ),
    );
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.socket !== socket) return;
      this.socket = null;
      const wasOnline = this.resumed;
      this.resumed = false;
      this.listener.closed?.(this, wasOnline, this.retryAfterMs);
    });
  }

  /** A `send` frame; its ack is counted. */
  post(room: string, text: string): void {
    this.frame(`42${this.ackId++}["send",{"type":"message.post","room":"${room}","clientId":"${crypto.randomUUID()}","body":{"text":"${text}"}}]`);
  }

  /** As when the network goes: a reset, and nobody says anything. */
  cut(): void {
    this.socket?.resetAndDestroy();
  }

  /** For good: no more is told. */
  end(): void {
    const socket = this.socket;
    this.socket = null;
    socket?.resetAndDestroy();
  }

  private read(chunk: Buffer): boolean {
    this.tally.reads += 1;
    this.tally.bytes += chunk.length;
    const bytes = this.rest === null ? chunk : Buffer.concat([this.rest, chunk]);
    const used = this.consume(bytes);
    this.rest = used === bytes.length ? null : Buffer.from(bytes.subarray(used));
    return true;
  }

  private consume(bytes: Buffer): number {
    let at = 0;
    if (!this.open) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return 0;
      if (!bytes.subarray(0, 12).equals(UPGRADED)) {
        this.cut();
        return bytes.length;
      }
      this.open = true;
      at = end + 4;
    }
    for (;;) {
      if (bytes.length - at < 2) return at;
      let length = (bytes[at + 1] as number) & 0x7f;
      let from = at + 2;
      if (length === 126) {
        if (bytes.length - at < 4) return at;
        length = bytes.readUInt16BE(at + 2);
        from = at + 4;
      } else if (length === 127) {
        if (bytes.length - at < 10) return at;
        length = Number(bytes.readBigUInt64BE(at + 2));
        from = at + 10;
      }
      const to = from + length;
      if (bytes.length < to) return at;
      this.take(bytes, from, to);
      at = to;
    }
  }

  private take(bytes: Buffer, from: number, to: number): void {
    if (to - from > SEQ_AT && isEvent(bytes, from)) {
      this.event(bytes, from, to);
      return;
    }
    const text = bytes.toString('latin1', from, Math.min(to, from + 12));
    if (text.startsWith('43')) this.answer(bytes, from, to);
    else if (text === '2') this.frame('3');
    else if (text.startsWith('0{')) this.frame(`40${JSON.stringify({ token: this.token, protocol: 1 })}`);
    else if (text.startsWith('40')) this.resume();
    else if (text.startsWith('44')) this.refused(JSON.parse(bytes.toString('utf8', from + 2, to)));
    else if (text.startsWith('42[')) this.other(JSON.parse(bytes.toString('utf8', from + 2, to)));
  }

  private event(bytes: Buffer, from: number, to: number): void {
    const room = this.only ?? this.rooms.get(bytes.toString('latin1', from + ROOM_AT, from + ROOM_AT + 36));
    let seq = 0;
    for (let at = from + SEQ_AT, digit = bytes[at] as number; digit >= 0x30 && digit <= 0x39; digit = bytes[++at] as number) seq = seq * 10 + digit - 0x30;
    this.tally.events += 1;
    if (room === undefined || seq !== room.seq + 1) this.tally.gaps += 1;
    if (room !== undefined) room.seq = seq;
    if (this.timed) this.time(bytes, from, to);
  }

  private time(bytes: Buffer, from: number, to: number): void {
    const found = bytes.indexOf(TIMED_AFTER, from + SEQ_AT);
    if (found < 0 || found >= to) return;
    const start = found + TIMED_AFTER.length;
    const end = bytes.indexOf(AT, start);
    if (end > 0 && end < to && bytes[start] !== QUOTE) this.listener.latency?.(performance.now() - Number(bytes.toString('latin1', start, end)));
  }

  private resume(): void {
    const rooms = Object.fromEntries([...this.rooms.values()].map(({ id, seq }) => [id, { epoch: this.epoch, seq }]));
    this.frame(`420${JSON.stringify(['resume', { me: this.ver, rooms }])}`);
  }

  private answer(bytes: Buffer, from: number, to: number): void {
    if (bytes[from + 2] === 0x30 && bytes[from + 3] === 0x5b) {
      this.resumeAnswer((JSON.parse(bytes.toString('utf8', from + 3, to)) as [ResumeSaid])[0]);
      return;
    }
    this.tally.acks += 1;
    if (bytes.indexOf('"ok":true', from) < 0) this.note((JSON.parse(bytes.toString('utf8', bytes.indexOf('[', from), to)) as [Refusal])[0].error.code);
  }

  private resumeAnswer(said: ResumeSaid): void {
    if (!said.ok) {
      this.note(`resume ${said.error.code}`);
      this.retryAfterMs = said.error.retryAfterMs;
      this.cut();
      return;
    }
    this.epoch = said.epoch;
    this.ver = said.me.ver;
    for (const id of said.gone) this.rooms.delete(id);
    for (const [id, { from, reset }] of Object.entries(said.rooms)) {
      const room = this.rooms.get(id) ?? { id, seq: from, live: false };
      this.rooms.set(id, room);
      if (reset) this.tally.resets += 1;
      else if (from !== room.seq) this.tally.gaps += 1;
      room.seq = from;
      room.live = false;
    }
    this.only = null;
    this.resumed = true;
    this.listener.online?.(this);
  }

  /** Most frames are of one room: its events are not looked up. */
  onlyRoom(id: string): void {
    this.only = this.rooms.get(id) ?? null;
  }

  private other([name, payload]: [string, Record<string, unknown>]): void {
    if (name === 'live' || name === 'reset' || name === 'behind' || name === 'gone') this.roomFrame(name, payload);
    else if (name === 'state') for (const { ver } of payload.changes as { ver: number }[]) this.ver = Math.max(this.ver ?? 0, ver);
    else if (name === 'result') {
      if (payload.status === 'rejected') this.note(`rejected ${String(payload.code)}`);
    } else if (name === 'bye') {
      this.retryAfterMs = payload.retryAfterMs as number | undefined;
      this.note(`bye ${String(payload.code)}`);
    } else if (name === 'event') throw new Error('An event frame does not begin as this client expects.');
  }

  private roomFrame(name: 'live' | 'reset' | 'behind' | 'gone', payload: Record<string, unknown>): void {
    const id = payload.room as string;
    if (name === 'gone') return void this.rooms.delete(id);
    const room = this.rooms.get(id) ?? { id, seq: 0, live: false };
    this.rooms.set(id, room);
    if (name === 'behind') room.live = false;
    else if (name === 'reset') {
      room.seq = payload.from as number;
      this.tally.resets += 1;
    } else {
      if (room.seq !== payload.seq) this.tally.gaps += 1;
      room.live = true;
      this.listener.live?.(this, room);
    }
  }

  private refused({ data }: { data?: { code?: string; retryAfterMs?: number } }): void {
    this.note(`refused ${data?.code ?? 'without a code'}`);
    this.retryAfterMs = data?.retryAfterMs;
    this.cut();
  }

  private note(code: string): void {
    this.tally.refused[code] = (this.tally.refused[code] ?? 0) + 1;
  }

  /** One masked frame; a mask of zeros leaves the bytes as they are. */
  private frame(text: string): void {
    const body = Buffer.byteLength(text);
    const header = body < 126 ? 2 : body < 65_536 ? 4 : 10;
    const frame = Buffer.allocUnsafe(header + 4 + body);
    frame[0] = 0x81;
    frame[1] = 0x80 | (header === 2 ? body : header === 4 ? 126 : 127);
    if (header === 4) frame.writeUInt16BE(body, 2);
    if (header === 10) frame.writeBigUInt64BE(BigInt(body), 2);
    frame.writeUInt32BE(0, header);
    frame.write(text, header + 4);
    this.socket?.write(frame);
  }
}

const UPGRADED = Buffer.from('HTTP/1.1 101');

function isEvent(bytes: Buffer, from: number): boolean {
  for (let i = 0; i < EVENT.length; i++) if (bytes[from + i] !== EVENT[i]) return false;
  return true;
}

interface Refusal {
  readonly ok: false;
  readonly error: { readonly code: string; readonly retryAfterMs?: number };
}

type ResumeSaid =
  | Refusal
  | {
      readonly ok: true;
      readonly epoch: string;
      readonly me: { readonly ver: number };
      readonly rooms: Readonly<Record<string, { readonly from: number; readonly head: number; readonly reset: boolean }>>;
      readonly gone: readonly string[];
    };
