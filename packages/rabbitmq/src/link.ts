// One connection to RabbitMQ that comes back by itself (amqplib's own recovery), and what is wrong with it while it is away.
// Never throws because the broker is away, and never says a password.
import type { Duplex } from 'node:stream';
import type { Clock, Rng } from '@parley/ports';
import { type ChannelModel, connect } from 'amqplib';
import { before } from './deadline.ts';
import type { AdapterLogger } from './logger.ts';

export interface LinkOptions {
  readonly url: string;
  /** What RabbitMQ's own pages show. */
  readonly name: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger?: AdapterLogger | undefined;
  /** Makes channels anew. Called after each connect; what it throws is a failed connect. */
  setup(model: ChannelModel): Promise<void>;
  lost(): void;
  /** The broker takes nothing for now (an alarm), or again. */
  blocked(reason: string | null): void;
}

export interface Link {
  /** null: connected and well. */
  problem(): string | null;
  close(): Promise<void>;
}

/** RabbitMQ 4.1 refuses less than 8192. */
const FRAME_MAX = 131_072;
/** A peer that is gone without a word is noticed after about twice this. */
const HEARTBEAT_S = 5;
const CONNECT_MS = 5_000;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 3_000;
const GOODBYE_MS = 1_000;

export function keepConnected({ url, name, clock, rng, logger, ...on }: LinkOptions): Link {
  let away: string | null = 'not connected yet';
  let alarm: string | null = null;
  let current: ChannelModel | null = null;
  const setBlocked = (reason: string | null): void => {
    alarm = reason;
    on.blocked(reason);
  };
  const recovery = {
    waitForConnect: false,
    calculateDelay: (attempt: number): number => Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10)) * (0.5 + rng.random() / 2),
    setup: (model: ChannelModel): Promise<void> => {
      current = model;
      // Before the library listens itself. Each error is followed by a close, which says it.
      model.on('error', () => undefined);
      return before(clock, CONNECT_MS, 'RabbitMQ', on.setup(model)).catch((error: unknown) => {
        end(model, 'could not be set up');
        throw error;
      });
    },
  };
  const opening = connect(withLimits(url), { recovery, timeout: CONNECT_MS, noDelay: true, clientProperties: { connection_name: name } });
  const listening = opening.then((connection) => {
    connection.on('error', () => undefined);
    connection.on('connect', () => {
      if (away !== 'not connected yet') logger?.info({ link: name }, 'RabbitMQ is back');
      away = null;
    });
    connection.on('disconnect', (error) => {
      away = error.message;
      current = null;
      logger?.warn({ link: name, err: error.message }, 'lost RabbitMQ');
      on.lost();
      setBlocked(null);
    });
    connection.on('connect-failed', (error) => {
      if (away !== reasonOf(error)) logger?.warn({ link: name, err: reasonOf(error) }, 'RabbitMQ cannot be reached');
      away = reasonOf(error);
      on.lost();
    });
    connection.on('blocked', (reason) => {
      logger?.warn({ link: name, reason }, 'RabbitMQ takes no jobs');
      setBlocked(reason);
    });
    connection.on('unblocked', () => setBlocked(null));
    return connection;
  });
  return {
    problem: () => (away !== null ? `RabbitMQ is away: ${away}` : alarm !== null ? `RabbitMQ takes no jobs: ${alarm}` : null),
    close: async () => {
      const connection = await listening;
      const model = current;
      // A broker with an alarm on does not answer a goodbye.
      await before(clock, GOODBYE_MS, 'goodbye', connection.close()).catch(() => undefined);
      if (model !== null) end(model, 'closed');
    },
  };
}

/** Cuts the wire, with an error: without one the library does not see it. It then begins anew. */
export function end(model: ChannelModel, why: string): void {
  (model.connection as unknown as { readonly stream: Duplex }).stream.destroy(new Error(why));
}

/** A refused connect to a name with two addresses has its reasons inside. */
const reasonOf = (error: Error): string => error.message || ((error as AggregateError).errors?.[0] as Error | undefined)?.message || 'no connection';

function withLimits(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return url;
  for (const [name, value] of Object.entries({ heartbeat: HEARTBEAT_S, frameMax: FRAME_MAX })) {
    if (!parsed.searchParams.has(name)) parsed.searchParams.set(name, `${value}`);
  }
  return parsed.href;
}
