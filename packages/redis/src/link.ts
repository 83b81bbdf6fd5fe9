// One connection to Redis that is always being had: connects in the background, never queues while it is away, and is cut by us when
// Redis does not answer any more (a stopped process, a dead cable), so that what waits on it fails instead of piling up.
import { createHash } from 'node:crypto';
import type { Clock, Timer } from '@parley/ports';
import { Redis } from 'ioredis';
import type { AdapterLogger } from './logger.ts';

export interface RedisOptions {
  /** redis://[user:password@]host:port[/db] */
  readonly url: string;
  /** Before every key and channel. Default `parley:`. */
  readonly keyPrefix?: string;
  readonly clock: Clock;
  readonly logger: AdapterLogger;
}

/** Redis did not take it, or did not answer in time: unknown whether it was done. */
export class RedisAway extends Error {
  constructor(what: string) {
    super(`Redis is away: ${what}.`);
    this.name = 'RedisAway';
  }
}

/** No call waits longer than this. */
export const CALL_MS = 2_000;
const PROBE_MS = 1_000;
const RETRY_MS_MAX = 1_000;
/** A connection that is not ready after this time is given up and tried anew. */
const CONNECT_MS = 3_000;
/** Down for longer than this: not a hiccup, nobody should wait for it. */
const AWAY_AFTER_MS = 1_000;

export interface LinkOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly logger: AdapterLogger;
  /** What it is for, as CLIENT LIST shows it. */
  readonly name: string;
  /** Asked every second while connected, must answer within CALL_MS. Default: PING. */
  readonly probe?: () => Promise<unknown>;
  /** For those who use the client itself: its commands fail after this. */
  readonly commandMs?: number;
  readonly onReady?: () => void;
  readonly onDown?: () => void;
}

export interface Script {
  readonly lua: string;
  readonly sha: string;
}

export const scriptOf = (lua: string): Script => ({ lua, sha: createHash('sha1').update(lua).digest('hex') });

export class Link {
  readonly client: Redis;
  private readonly options: LinkOptions;
  private readonly timer: Timer;
  private probing = false;
  private closed = false;
  /** Since when it is not ready. */
  private downSince: number | null;
  private readySince = 0;
  private lastError = '';
  /** Calls made during a hiccup, in order. */
  private readonly waiting = new Set<() => void>();

  constructor(options: LinkOptions) {
    this.options = options;
    const { clock } = options;
    this.downSince = clock.monotonic();
    this.client = new Redis(options.url, {
      connectionName: `parley-${options.name}`,
      // A queue for the time that Redis is away would be without bound, and what waits in it would be old news.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      autoResubscribe: false,
      protocol: 2,
      connectTimeout: CONNECT_MS,
      ...(options.commandMs === undefined ? {} : { commandTimeout: options.commandMs }),
      disconnectTimeout: 50,
      retryStrategy: (attempt: number) => Math.min(RETRY_MS_MAX, 50 * 2 ** Math.min(attempt, 10)),
    });
    this.client.on('ready', () => this.up());
    this.client.on('close', () => this.down());
    this.client.on('error', (error: Error) => {
      this.lastError = error.message;
    });
    this.timer = clock.every(PROBE_MS, () => this.watch());
  }

  isReady(): boolean {
    return this.downSince === null;
  }

  /** For how long it has been ready without a break, ms. */
  steadyMs(): number {
    return this.isReady() ? this.options.clock.monotonic() - this.readySince : 0;
  }

  /** Down for longer than a hiccup. */
  isAway(): boolean {
    return this.downSince !== null && this.options.clock.monotonic() - this.downSince > AWAY_AFTER_MS;
  }

  /**
   * Runs the call when Redis is there, also when it comes back within a hiccup; rejects with RedisAway when it does not, or does not answer
   * within CALL_MS. Errors of Redis come through.
   */
  call<T>(what: string, work: (client: Redis) => Promise<T>): Promise<T> {
    if (this.closed || this.isAway()) return Promise.reject(new RedisAway(what));
    return new Promise((resolve, reject) => {
      const timer = this.options.clock.after(CALL_MS, () => {
        this.waiting.delete(go);
        reject(new RedisAway(what));
      });
      const settle = (end: () => void): void => {
        timer.cancel();
        end();
      };
      const go = (): void => {
        work(this.client).then(
          (value) => settle(() => resolve(value)),
          // A command cut off by a closing connection has an error of the client; only a reply is an error of Redis.
          (error: unknown) => settle(() => reject(isReply(error) ? error : new RedisAway(what))),
        );
      };
      if (this.isReady()) go();
      else this.waiting.add(go);
    });
  }

  /** Runs a script by its hash; Redis is given the text when it does not know it. */
  async run(what: string, script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await this.call(what, (client) => client.evalsha(script.sha, keys.length, ...keys, ...args));
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return this.call(what, (client) => client.eval(script.lua, keys.length, ...keys, ...args));
    }
  }

  /** Cuts the connection; a new one is made at once. */
  cut(why: string): void {
    this.options.logger.warn({ why, connection: this.options.name }, 'the connection to Redis is cut');
    this.client.disconnect(true);
  }

  problems(): readonly string[] {
    return this.isAway() ? [`Redis does not answer (${this.options.name}${this.lastError === '' ? '' : `: ${this.lastError}`}).`] : [];
  }

  close(): void {
    this.closed = true;
    this.timer.cancel();
    this.client.disconnect();
  }

  private up(): void {
    if (this.closed) return;
    this.downSince = null;
    this.readySince = this.options.clock.monotonic();
    this.options.logger.info({ connection: this.options.name }, 'connected to Redis');
    const waited = [...this.waiting];
    this.waiting.clear();
    for (const go of waited) go();
    this.options.onReady?.();
  }

  private down(): void {
    if (this.closed || this.downSince !== null) return;
    this.downSince = this.options.clock.monotonic();
    this.options.logger.warn({ connection: this.options.name, reason: this.lastError }, 'the connection to Redis is lost');
    this.options.onDown?.();
  }

  private watch(): void {
    if (this.isReady()) return void this.probe();
    // Connected to something that does not speak: a stopped Redis takes connections too.
    if (this.client.status === 'connect' && this.isAway()) this.cut('it does not become ready');
  }

  private async probe(): Promise<void> {
    if (this.probing) return;
    this.probing = true;
    try {
      await this.call('probe', async (client) => (this.options.probe === undefined ? client.ping() : this.options.probe()));
    } catch (error) {
      if (error instanceof RedisAway && this.isReady() && !this.closed) this.cut('it does not answer');
      else if (!(error instanceof RedisAway)) this.options.logger.warn({ err: error, connection: this.options.name }, 'Redis answers with an error');
    } finally {
      this.probing = false;
    }
  }
}

const isReply = (error: unknown): boolean => error instanceof Error && error.name === 'ReplyError';
