// Which gateway a client should take: one that is ready, the less busy of two that chance picks. Nobody is sent away for want of news:
// when none is known to be ready, any is named.
import type { Clock, Rng, Timer } from '@parley/ports';
import { Health, type Logger } from '@parley/runtime';
import { request } from 'undici';
import { safeParse } from 'zod/mini';

export interface Gateways {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The address of a gateway, as browsers reach it; not this one, where there is another. */
  choose(not?: string): string;
  problems(): readonly string[];
}

export interface GatewaysDeps {
  /** At least one. */
  readonly urls: readonly string[];
  /** Where each is asked how it is, in the same order. Default: at its address. */
  readonly checkUrls?: readonly string[] | undefined;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
}

const LOOK_MS = 1_500;
const ANSWER_MS = 1_000;

interface Known {
  readonly url: string;
  readonly checkUrl: string;
  ready: boolean;
  /** Its sockets when it was last asked, and those sent there since. */
  load: number;
}

/** Asks every gateway's /health/ready each 1.5 s. */
export function createGateways({ urls, checkUrls = urls, clock, rng, logger }: GatewaysDeps): Gateways {
  const all: Known[] = urls.map((url, index) => ({ url, checkUrl: checkUrls[index] ?? url, ready: true, load: 0 }));
  let timer: Timer | null = null;

  const look = async (gateway: Known): Promise<void> => {
    const abort = new AbortController();
    const late = clock.after(ANSWER_MS, () => abort.abort());
    const was = gateway.ready;
    try {
      const response = await request(`${gateway.checkUrl}/health/ready`, { signal: abort.signal });
      const health = safeParse(Health, await response.body.json());
      gateway.ready = response.statusCode === 200;
      gateway.load = (health.success ? health.data.load : undefined) ?? 0;
    } catch {
      gateway.ready = false;
    } finally {
      late.cancel();
    }
    if (was !== gateway.ready) logger.info({ gateway: gateway.url, ready: gateway.ready }, 'a gateway changed');
  };
  const lookAtAll = async (): Promise<void> => {
    await Promise.all(all.map(look));
  };
  const pick = (from: readonly Known[]): Known => from[Math.floor(rng.random() * from.length)] as Known;

  return {
    async start() {
      await lookAtAll();
      timer = clock.every(LOOK_MS, () => void lookAtAll());
    },
    async stop() {
      timer?.cancel();
    },
    choose(not) {
      const ready = all.filter((gateway) => gateway.ready);
      const others = ready.filter((gateway) => gateway.url !== not);
      const from = others.length > 0 ? others : ready.length > 0 ? ready : all;
      const [one, other] = [pick(from), pick(from)];
      const chosen = one.load <= other.load ? one : other;
      chosen.load += 1;
      return chosen.url;
    },
    problems: () => all.filter((gateway) => !gateway.ready).map(({ url }) => `The gateway at ${url} is not ready.`),
  };
}
