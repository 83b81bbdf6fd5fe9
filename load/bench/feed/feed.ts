// The feed on a real Redis: from publish to the listeners of two other processes with 500 rooms each, and what a message costs whom.
// Without Redis on this machine there is nothing to measure, and it says so.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missing, startRedis } from '@parley/engines';
import { systemClock, systemRng } from '@parley/ports';
import { createRedisFeed, type RedisFeed } from '@parley/redis';
import { cpuMs } from '../proc.ts';
import { percentile, type Row } from '../row.ts';

const ROOMS = 500;
const SUBSCRIBERS = 2;
const PER_SECOND = 1_000;
/** Messages of one publish, each of another room: a batch of commits. */
const BATCH = 10;
const SECONDS = 5;

interface Sample {
  readonly p50: number;
  readonly p99: number;
  readonly lost: number;
  /** us of CPU for each published message: the publisher, Redis; and for each received one: a subscriber. */
  readonly publishUs: number;
  readonly redisUs: number;
  readonly receiveUs: number;
}

interface Report {
  readonly latencies: readonly number[];
  readonly cpuUs: number;
}

const nothing = (): void => undefined;
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export async function benchFeed(repeats: number): Promise<readonly Row[]> {
  const reason = missing('redis');
  if (reason !== null) {
    console.log(`feed: left out, ${reason}`);
    return [];
  }
  const folder = await mkdtemp(join(tmpdir(), 'parley-bench-redis-'));
  const redis = await startRedis({ folder });
  const keyPrefix = 'bench:';
  const children = Array.from({ length: SUBSCRIBERS }, () => fork(new URL('./feed-subscriber.ts', import.meta.url), [redis.url, keyPrefix, String(ROOMS)]));
  const feed = createRedisFeed({ url: redis.url, keyPrefix, clock: systemClock, rng: systemRng, logger });
  try {
    await Promise.all(children.map((child) => once(child, 'message')));
    await measure(feed, children, redis.pid, 2);
    const samples: Sample[] = [];
    for (let i = 0; i < repeats; i++) samples.push(await measure(feed, children, redis.pid, SECONDS));
    return rowsOf(samples);
  } finally {
    for (const child of children) child.kill();
    await feed.close();
    await redis.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

let seq = 0;

async function measure(feed: RedisFeed, children: readonly ChildProcess[], redisPid: number, seconds: number): Promise<Sample> {
  for (const child of children) child.send('begin');
  const redisBefore = await cpuMs(redisPid);
  const cpu = process.cpuUsage();
  const began = performance.now();
  const published: Promise<void>[] = [];
  for (let i = 0; i < seconds * PER_SECOND; i += BATCH) {
    const wait = began + (i * 1_000) / PER_SECOND - performance.now();
    if (wait > 1) await new Promise((done) => setTimeout(done, wait));
    published.push(feed.publish(Array.from({ length: BATCH }, (_, n) => message(i + n))));
  }
  await Promise.all(published);
  const { user, system } = process.cpuUsage(cpu);
  const redisMs = (await cpuMs(redisPid)) - redisBefore;
  await new Promise((done) => setTimeout(done, 300));
  const reports = await Promise.all(children.map(report));
  const latencies = reports.flatMap((one) => one.latencies).sort((a, b) => a - b);
  const sent = seconds * PER_SECOND;
  return {
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    lost: sent * SUBSCRIBERS - latencies.length,
    publishUs: (user + system) / sent,
    redisUs: (redisMs * 1_000) / sent,
    receiveUs: reports.reduce((sum, one) => sum + one.cpuUs, 0) / latencies.length,
  };
}

function message(n: number) {
  seq += 1;
  const payload = { room: n % ROOMS, at: performance.timeOrigin + performance.now(), events: [{ seq, text: 'x'.repeat(180) }] };
  const position = Math.ceil(seq / ROOMS);
  return { channel: `room:${n % ROOMS}`, payload, tail: { from: position, to: position } };
}

async function report(child: ChildProcess): Promise<Report> {
  child.send('report');
  const [answer] = (await once(child, 'message')) as [Report];
  return answer;
}

function rowsOf(samples: readonly Sample[]): readonly Row[] {
  const row = (name: string, unit: string, value: (sample: Sample) => number): Row => ({ name, unit, values: samples.map(value) });
  return [
    row(`feed on Redis: publish to receive p50 (${PER_SECOND}/s)`, 'ms', (one) => one.p50),
    row('feed on Redis: publish to receive p99', 'ms', (one) => one.p99),
    row('feed on Redis: lost', '', (one) => one.lost),
    row('feed on Redis: CPU of publisher, a message', 'us', (one) => one.publishUs),
    row('feed on Redis: CPU of Redis, a message to two', 'us', (one) => one.redisUs),
    row('feed on Redis: CPU of subscriber, a message', 'us', (one) => one.receiveUs),
  ];
}
