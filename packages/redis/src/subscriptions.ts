// The channels that this process hears, on one connection: subscribed again by itself after every break, and whoever may have missed
// something is told so. A message is decoded once, for all who listen to its channel.
import type { Clock } from '@parley/ports';
import { Link } from './link.ts';
import type { AdapterLogger } from './logger.ts';

/** Whoever subscribes waits no longer than this for Redis; it is told `lost` when the channel is really heard. */
const CONFIRM_MS = 1_000;
/** Channels in one SSUBSCRIBE. */
const BATCH = 500;

export interface Subscriber {
  readonly listener: (payload: unknown) => void;
  readonly lost: () => void;
}

interface Seat {
  readonly subscriber: Subscriber;
  /** It went on without the channel being heard. */
  owed: boolean;
}

interface Channel {
  readonly name: string;
  readonly seats: Map<Subscriber, Seat>;
  /** Confirmed on the present connection. */
  live: boolean;
  asked: boolean;
  readonly waiting: Set<() => void>;
}

export interface SubscriptionsOptions {
  readonly url: string;
  readonly prefix: string;
  readonly name: string;
  readonly clock: Clock;
  readonly logger: AdapterLogger;
}

export class Subscriptions {
  private readonly options: SubscriptionsOptions;
  private readonly link: Link;
  private readonly channels = new Map<string, Channel>();
  private readonly dirty = new Set<string>();
  private readonly heard = new Set<string>();
  private flushing = false;
  private generation = 0;
  private closed = false;

  constructor(options: SubscriptionsOptions) {
    this.options = options;
    const { url, name, clock, logger } = options;
    this.link = new Link({ url, name, clock, logger, onReady: () => this.subscribeAll(), onDown: () => this.down() });
    this.link.client.on('smessage', (channel: string, text: string) => this.receive(channel.slice(options.prefix.length), text));
  }

  /**
   * Resolves when what is published from now on is handed to the subscriber; while Redis is away it resolves as well, after at most
   * CONFIRM_MS, and then `lost` is called once the channel is heard.
   */
  async add(name: string, subscriber: Subscriber): Promise<void> {
    const known = this.channels.get(name);
    const channel = known ?? { name, seats: new Map<Subscriber, Seat>(), live: false, asked: false, waiting: new Set<() => void>() };
    if (known === undefined) {
      this.channels.set(name, channel);
      this.touch(name);
    }
    const seat: Seat = { subscriber, owed: false };
    channel.seats.set(subscriber, seat);
    if (channel.live) return;
    if (!this.link.isAway()) await this.confirmed(channel);
    if (!channel.live) seat.owed = true;
  }

  remove(name: string, subscriber: Subscriber): void {
    const channel = this.channels.get(name);
    if (channel?.seats.delete(subscriber) !== true || channel.seats.size > 0) return;
    this.channels.delete(name);
    this.touch(name);
    for (const wake of channel.waiting) wake();
  }

  /** Everybody may have missed something. */
  lostAll(): void {
    for (const channel of this.channels.values()) for (const { subscriber } of channel.seats.values()) this.lost(subscriber);
  }

  /** For how long Redis has been heard without a break, ms. */
  steadyMs(): number {
    return this.link.steadyMs();
  }

  problems(): readonly string[] {
    return this.link.problems();
  }

  close(): void {
    this.closed = true;
    for (const channel of this.channels.values()) for (const wake of channel.waiting) wake();
    this.channels.clear();
    this.link.close();
  }

  private confirmed(channel: Channel): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        channel.waiting.delete(wake);
        timer.cancel();
        resolve();
      };
      const timer = this.options.clock.after(CONFIRM_MS, wake);
      channel.waiting.add(wake);
    });
  }

  /** Channels that come and go in one turn go together: many sockets that come back at once cost few commands. */
  private touch(name: string): void {
    this.dirty.add(name);
    if (this.flushing) return;
    this.flushing = true;
    queueMicrotask(() => {
      this.flushing = false;
      this.flush();
    });
  }

  private flush(): void {
    const names = [...this.dirty];
    this.dirty.clear();
    if (this.closed || !this.link.isReady()) return;
    const gone = names.filter((name) => !this.channels.has(name) && this.heard.delete(name));
    for (const slice of slicesOf(gone)) void this.link.client.sunsubscribe(...slice.map((name) => this.options.prefix + name)).catch(() => undefined);
    this.ask(names.flatMap((name) => this.channels.get(name) ?? []).filter((channel) => !channel.asked));
  }

  private subscribeAll(): void {
    this.generation += 1;
    this.ask([...this.channels.values()]);
  }

  private ask(channels: readonly Channel[]): void {
    for (const slice of slicesOf(channels)) void this.askSlice(slice);
  }

  private async askSlice(slice: readonly Channel[]): Promise<void> {
    const { generation } = this;
    for (const channel of slice) {
      channel.asked = true;
      this.heard.add(channel.name);
    }
    try {
      // No deadline of its own: the probe cuts a connection that does not answer.
      await this.link.client.ssubscribe(...slice.map(({ name }) => this.options.prefix + name));
    } catch (error) {
      if (this.closed || generation !== this.generation || !this.link.isReady()) return;
      this.options.logger.error({ err: error }, 'Redis refuses a subscription');
      return this.link.cut('a subscription was refused');
    }
    if (generation === this.generation) for (const channel of slice) if (this.channels.get(channel.name) === channel) this.goLive(channel);
  }

  private goLive(channel: Channel): void {
    channel.live = true;
    for (const wake of channel.waiting) wake();
    for (const seat of [...channel.seats.values()]) {
      if (!seat.owed) continue;
      seat.owed = false;
      this.lost(seat.subscriber);
    }
  }

  private down(): void {
    this.generation += 1;
    this.heard.clear();
    for (const channel of this.channels.values()) {
      if (channel.live) for (const seat of channel.seats.values()) seat.owed = true;
      channel.live = false;
      channel.asked = false;
    }
  }

  private receive(name: string, text: string): void {
    const channel = this.channels.get(name);
    if (channel === undefined) return;
    let payload: unknown;
    try {
      payload = JSON.parse(text);
    } catch {
      this.options.logger.error({ channel: name }, 'a message of the feed cannot be read');
      for (const { subscriber } of channel.seats.values()) this.lost(subscriber);
      return;
    }
    for (const { subscriber } of [...channel.seats.values()]) {
      if (!channel.seats.has(subscriber)) continue;
      try {
        subscriber.listener(payload);
      } catch {
        // To a listener that failed this message is lost; the others must not suffer.
        this.lost(subscriber);
      }
    }
  }

  private lost(subscriber: Subscriber): void {
    try {
      subscriber.lost();
    } catch (error) {
      this.options.logger.error({ err: error }, 'a subscriber failed at being told of a loss');
    }
  }
}

function slicesOf<T>(items: readonly T[]): T[][] {
  const slices: T[][] = [];
  for (let i = 0; i < items.length; i += BATCH) slices.push(items.slice(i, i + BATCH));
  return slices;
}
