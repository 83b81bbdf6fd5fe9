// Rates: so many at once, so many per second. On the Clock, so that a simulation can run it.
import type { Clock } from '@parley/ports';
import type { Rate } from '../gateway-config.ts';

export class TokenBucket {
  private readonly rate: Rate;
  private tokens: number;
  private at: number;

  constructor(rate: Rate, nowMs: number) {
    this.rate = rate;
    this.tokens = rate.burst;
    this.at = nowMs;
  }

  /** Takes one: 0, or the ms to wait until there is one. */
  take(nowMs: number): number {
    this.fill(nowMs);
    if (this.tokens >= 1) {
      this.tokens -= 1;
      return 0;
    }
    return Math.max(1, Math.ceil(((1 - this.tokens) / this.rate.perSecond) * 1_000));
  }

  isFull(nowMs: number): boolean {
    this.fill(nowMs);
    return this.tokens >= this.rate.burst;
  }

  private fill(nowMs: number): void {
    this.tokens = Math.min(this.rate.burst, this.tokens + ((nowMs - this.at) / 1_000) * this.rate.perSecond);
    this.at = nowMs;
  }
}

/** Buckets by key (user and class). They outlive the socket: coming back does not refill them. */
export class TokenBuckets {
  private readonly clock: Clock;
  private readonly buckets = new Map<string, TokenBucket>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  take(key: string, rate: Rate): number {
    const now = this.clock.monotonic();
    let bucket = this.buckets.get(key);
    if (bucket === undefined) {
      bucket = new TokenBucket(rate, now);
      this.buckets.set(key, bucket);
    }
    return bucket.take(now);
  }

  /** Forgets those that are full: a new one would be the same. */
  sweep(): void {
    const now = this.clock.monotonic();
    for (const [key, bucket] of this.buckets) if (bucket.isFull(now)) this.buckets.delete(key);
  }
}
