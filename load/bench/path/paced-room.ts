// One room at a steady pace: every member gets every message, and the time from send to deliver is taken of each. The same for whatever is measured.
import type { RawClient } from '../raw-client.ts';
import { percentile } from '../row.ts';

export const MEMBERS = 50;
export const PER_SECOND = 200;
const SECONDS = 10;
const WARM_UP_SECONDS = 3;
const MARK = /@(\d+\.\d+)@/;

export interface Sample {
  readonly p50: number;
  readonly p99: number;
  /** us of server CPU (without its database and brokers) for each delivery. */
  readonly cpuUs: number;
  readonly lost: number;
}

export interface Target {
  readonly clients: readonly RawClient[];
  /** CPU time of the servers so far, ms. */
  cpuMs(): Promise<number>;
  send(client: RawClient, text: string): void;
  stop(): Promise<void>;
}

/** Sends at the rate from clients in turn, and takes the time of each delivery. */
export async function measurePaced(open: (onEvent: (frame: string) => void) => Promise<Target>): Promise<Sample> {
  const latencies: number[] = [];
  let measuring = false;
  const target = await open((frame) => {
    const sent = MARK.exec(frame)?.[1];
    if (measuring && sent !== undefined) latencies.push(performance.now() - Number(sent));
  });
  const run = async (seconds: number): Promise<void> => {
    const began = performance.now();
    for (let i = 0; i < seconds * PER_SECOND; i++) {
      const wait = began + (i * 1000) / PER_SECOND - performance.now();
      if (wait > 1) await new Promise((done) => setTimeout(done, wait));
      const client = target.clients[i % target.clients.length];
      if (client !== undefined) target.send(client, `@${performance.now().toFixed(3)}@ ${'x'.repeat(180)}`);
    }
    await new Promise((done) => setTimeout(done, 1000));
  };
  await run(WARM_UP_SECONDS);
  measuring = true;
  const cpuBefore = await target.cpuMs();
  await run(SECONDS);
  const cpu = (await target.cpuMs()) - cpuBefore;
  await target.stop();
  latencies.sort((a, b) => a - b);
  return {
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    cpuUs: (cpu * 1000) / latencies.length,
    lost: SECONDS * PER_SECOND * MEMBERS - latencies.length,
  };
}
