// The network between clients and gateways: ordered per connection, late, cut at any time and noticed by each side in its own time.
// Frames cross as bytes, so that nothing is shared between a server and a client.

import type { Accepted, ClientSocket, Codec } from '@parley/gateway';
import type { Clock, Timer } from '@parley/ports';
import { type ErrorBody, ParleyError } from '@parley/protocol';
import type { Transport, TransportConnection, TransportListener } from '@parley/sdk';
import type { Faults } from './faults.ts';
import type { Life } from './life.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const codec: Codec = { encode: (name, payload) => encoder.encode(`${JSON.stringify([name, payload])}\n`) };

/** A gateway that takes connections: `accept` throws ParleyError when it refuses. */
export interface Door {
  readonly life: Life;
  accept(socket: ClientSocket, auth: unknown): Accepted;
}

export interface Network {
  /** The transport of one client device. */
  transport(device: string): Transport;
  /** Cuts the device's connections; `halfOpenMs`: how long the server does not notice. */
  cut(device: string): void;
  /** The device reads nothing for this long. */
  slow(device: string, ms: number): void;
}

export interface NetworkDeps {
  readonly clock: Clock;
  readonly faults: Faults;
  readonly doors: () => readonly Door[];
}

/** What the server side gives to the wire, in order. */
type Outgoing = { readonly bytes: Uint8Array } | { readonly ack: number; readonly answer: string } | { readonly end: true };

const NOTICE_SERVER_MS = 4_000;
const NOTICE_CLIENT_MS = 800;

class Link {
  readonly device: string;
  private readonly deps: NetworkDeps;
  private readonly listener: TransportListener;
  private readonly waiting = new Map<number, (answer: unknown) => void>();
  private readonly refusals = new Set<(error: ParleyError) => void>();
  private readonly buffer: Outgoing[] = [];
  private buffered = 0;
  private taking: Timer | null = null;
  private stalledUntil = 0;
  private lastDown = 0;
  private lastUp = 0;
  private acks = 0;
  private sockets = 0;
  private serverEnd: Accepted | null = null;
  private door: Door | null = null;
  private cutOff = false;
  private clientOver = false;
  private serverOver = false;

  constructor(deps: NetworkDeps, device: string, listener: TransportListener) {
    this.deps = deps;
    this.device = device;
    this.listener = listener;
  }

  get over(): boolean {
    return this.clientOver && this.serverOver;
  }

  async open(auth: () => Promise<unknown>): Promise<void> {
    const { clock, faults } = this.deps;
    let token: unknown;
    try {
      token = await auth();
    } catch (error) {
      this.endClient('no token', error instanceof ParleyError ? error.toBody() : null);
      return;
    }
    await clock.sleep(faults.between(2, 20));
    if (this.clientOver) return;
    const doors = this.deps.doors();
    if (doors.length === 0) {
      this.endClient('nobody listens', null);
      return;
    }
    const door = faults.pick(doors);
    this.door = door;
    door.life.onKill(() => {
      this.serverOver = true;
      this.cutOff = true;
      this.later(NOTICE_CLIENT_MS, () => this.endClient('reset by peer', null));
    });
    // A gateway that stands still answers when it goes on; the client may have given up by then.
    door.life.inside(() => this.accept(door, token));
  }

  private accept(door: Door, auth: unknown): void {
    if (this.cutOff || this.clientOver) return;
    this.listener.connected();
    try {
      this.serverEnd = door.accept(this.socket(), auth);
    } catch (error) {
      this.serverOver = true;
      const body = error instanceof ParleyError ? error.toBody() : null;
      if (body === null) throw error;
      this.later(10, () => this.endClient('refused', body));
    }
  }

  private socket(): ClientSocket {
    return {
      id: `${this.device}/${++this.sockets}`,
      emit: (name, payload) => this.push({ bytes: codec.encode(name, payload) }),
      write: (bytes) => this.push({ bytes }),
      bufferedBytes: () => this.buffered,
      close: (now) => {
        if (now) this.buffer.length = 0;
        this.push({ end: true });
      },
    };
  }

  private push(outgoing: Outgoing): void {
    if (this.serverOver) return;
    this.buffer.push(outgoing);
    if ('bytes' in outgoing) this.buffered += outgoing.bytes.length;
    this.take();
  }

  /** The network takes what is buffered, unless the client stands still. */
  private take(): void {
    const { clock, faults } = this.deps;
    if (this.taking !== null) return;
    const now = clock.monotonic();
    if (now < this.stalledUntil) {
      this.taking = clock.after(this.stalledUntil - now, () => {
        this.taking = null;
        this.take();
      });
      return;
    }
    for (const outgoing of this.buffer.splice(0)) {
      if ('bytes' in outgoing) this.buffered -= outgoing.bytes.length;
      if (this.cutOff) continue;
      this.lastDown = Math.max(this.lastDown, now + faults.between(1, 10));
      clock.after(this.lastDown - now, () => this.arrive(outgoing));
    }
  }

  private arrive(outgoing: Outgoing): void {
    if (this.cutOff || this.clientOver) return;
    if ('bytes' in outgoing) {
      for (const line of decoder.decode(outgoing.bytes).split('\n')) {
        if (line === '' || this.clientOver) continue;
        const [name, payload] = JSON.parse(line) as [string, unknown];
        this.listener.frame(name, payload);
      }
    } else if ('ack' in outgoing) {
      const settle = this.waiting.get(outgoing.ack);
      this.waiting.delete(outgoing.ack);
      settle?.(JSON.parse(outgoing.answer));
    } else {
      this.endServer();
      this.endClient('transport close', null);
    }
  }

  private up(name: string, payload: unknown, ack: number | null): void {
    const { clock, faults } = this.deps;
    const text = JSON.stringify(payload);
    this.lastUp = Math.max(this.lastUp, clock.monotonic() + faults.between(1, 10));
    clock.after(this.lastUp - clock.monotonic(), () => {
      const { serverEnd, door } = this;
      if (this.cutOff || this.serverOver || serverEnd === null || door === null) return;
      door.life.inside(() => {
        if (this.serverOver) return;
        serverEnd.frame(name, JSON.parse(text), (answer) => {
          if (ack !== null) this.push({ ack, answer: JSON.stringify(answer) });
        });
      });
    });
  }

  private later(most: number, callback: () => void): void {
    this.deps.clock.after(this.deps.faults.between(1, most), callback);
  }

  private endClient(reason: string, refused: ErrorBody | null): void {
    if (this.clientOver) return;
    this.clientOver = true;
    for (const refuse of [...this.refusals]) refuse(new ParleyError('unavailable', `The connection ended: ${reason}.`));
    this.listener.closed(reason, refused);
  }

  private endServer(): void {
    if (this.serverOver) return;
    this.serverOver = true;
    this.taking?.cancel();
    this.door?.life.inside(() => this.serverEnd?.closed());
  }

  cut(): void {
    if (this.cutOff) return;
    this.cutOff = true;
    this.later(NOTICE_SERVER_MS, () => this.endServer());
    this.later(NOTICE_CLIENT_MS, () => this.endClient('ping timeout', null));
  }

  slow(ms: number): void {
    this.stalledUntil = this.deps.clock.monotonic() + ms;
  }

  connection(): TransportConnection {
    return {
      request: (name, payload, timeoutMs) =>
        new Promise((resolve, reject) => {
          if (this.clientOver) return reject(new ParleyError('unavailable', 'The connection has ended.'));
          const ack = ++this.acks;
          const settle = (finish: () => void): void => {
            timer.cancel();
            this.waiting.delete(ack);
            this.refusals.delete(refuse);
            finish();
          };
          const refuse = (error: ParleyError): void => settle(() => reject(error));
          const timer = this.deps.clock.after(timeoutMs, () => refuse(new ParleyError('unavailable', `No answer to ${name}.`)));
          this.waiting.set(ack, (answer) => settle(() => resolve(answer)));
          this.refusals.add(refuse);
          this.up(name, payload, ack);
        }),
      send: (name, payload) => {
        if (!this.clientOver) this.up(name, payload, null);
      },
      close: () => {
        if (this.clientOver) return;
        this.later(20, () => this.endServer());
        this.endClient('closed by the client', null);
      },
    };
  }
}

export function createNetwork(deps: NetworkDeps): Network {
  let links: Link[] = [];
  const of = (device: string): Link[] => links.filter((link) => link.device === device);
  return {
    transport: (device) => ({
      open({ auth, listener }) {
        links = links.filter((link) => !link.over);
        const link = new Link(deps, device, listener);
        links.push(link);
        void link.open(auth);
        return link.connection();
      },
    }),
    cut(device) {
      for (const link of of(device)) link.cut();
    },
    slow(device, ms) {
      for (const link of of(device)) link.slow(ms);
    },
  };
}
