// Every service in one process on an embedded Postgres: the default way to run. It only composes; no service knows that it is here.
import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { migrationsFolder as accountsMigrations, createAccounts } from '@parley/accounts';
import { createEdge } from '@parley/edge';
import { createGateway, type GatewayConfig, gatewayMeter, watchGateway } from '@parley/gateway';
import { createMedia, migrationsFolder as mediaMigrations } from '@parley/media';
import { createMessages, migrationsFolder as messagesMigrations } from '@parley/messages';
import { createNotifications, migrationsFolder as notificationsMigrations } from '@parley/notifications';
import { systemClock as clock, type EventLog, gatheringLog, systemRng as rng, type WorkQueue } from '@parley/ports';
import { createMemoryFeed, createMemoryPresence } from '@parley/ports/memory';
import { createPostgresEventLog, createPostgresWorkQueue, ensureDatabase, migrate, startEmbeddedPostgres } from '@parley/postgres';
import { readJwks } from '@parley/protocol';
import { createRooms, migrationsFolder as roomsMigrations } from '@parley/rooms';
import {
  createInternalBus,
  createMetrics,
  createRevocations,
  createVerifier,
  type InternalBus,
  LISTEN_BACKLOG,
  type Logger,
  type Metrics,
  measureFeed,
  measureLog,
  measureQueue,
  type Revocations,
  type Service,
  type TokenVerifier,
  type Tracing,
  tracingOf,
} from '@parley/runtime';
import { listenHost } from './listen-host.ts';
import { LOG_TOPICS } from './log-topics.ts';
import { type NotificationSettings, notificationsConfig } from './notification-settings.ts';
import { webRoot } from './web-root.ts';

export interface EmbeddedOptions {
  readonly dataDir: string;
  readonly port: number;
  /** undefined: loopback until an owner exists, then all addresses. */
  readonly host: string | undefined;
  readonly registration: 'open' | 'invite' | undefined;
  readonly origins: readonly string[];
  readonly drainMs: number;
  /** How people are told while they are away. Without it: push with keys of its own, no mail. */
  readonly notifications?: NotificationSettings;
  /** A collector for traces. They go to `traces/parley.jsonl` of the data folder in any case. */
  readonly otlpEndpoint?: string | undefined;
  /** Which part of all messages is followed though nobody asked. Default 0. */
  readonly traceRatio?: number;
  /** The gateway's bounds where they are not the defaults: benchmarks raise what protects an installation from one hot room. */
  readonly gateway?: Pick<GatewayConfig, 'limits' | 'rates'>;
  readonly logger: Logger;
  /** Called as each part is ready, for the progress that a person sees. */
  readonly onStep?: (step: string) => void;
}

export interface Embedded {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Has the first account been made? */
  readonly hasOwner: boolean;
  /** What the first account must enter when the address is not loopback; null when it need not. */
  readonly setupCode: string | null;
  stop(): Promise<void>;
  /** Settles when Postgres has ended by itself: nothing works any more. */
  readonly failed: Promise<Error>;
}

/** Files and notifications may come this much later, ms. */
const GATHER_MS = 100;
const ISSUER = 'parley';
const ACCESS_TTL_MS = 10 * 60_000;

/** Starts everything and listens. Throws what went wrong, with nothing left running. */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { logger } = options;
  const step = options.onStep ?? (() => {});
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const postgres = await startEmbeddedPostgres({ dataDir: options.dataDir, logger });
  step('Postgres');
  const undo: (() => Promise<void>)[] = [() => postgres.stop()];
  try {
    return await compose(options, postgres, undo, step);
  } catch (error) {
    for (const stop of undo.reverse()) await stop().catch((cause: unknown) => logger.error({ err: cause }, 'could not stop after a failed start'));
    throw error;
  }
}

type Postgres = Awaited<ReturnType<typeof startEmbeddedPostgres>>;

async function databases(postgres: Postgres): Promise<void> {
  const folders = {
    parley_accounts: accountsMigrations,
    parley_rooms: roomsMigrations,
    parley_messages: messagesMigrations,
    parley_media: mediaMigrations,
    parley_notifications: notificationsMigrations,
  };
  await Promise.all(
    ['parley_log', ...Object.keys(folders)].map(async (name) => {
      const connection = postgres.connection(name);
      await ensureDatabase(connection, name);
      const folder = folders[name as keyof typeof folders];
      if (folder !== undefined) await migrate(connection, folder);
    }),
  );
}

async function compose(options: EmbeddedOptions, postgres: Postgres, undo: (() => Promise<void>)[], step: (name: string) => void): Promise<Embedded> {
  const { logger } = options;
  await databases(postgres);
  step('databases');
  const metrics = createMetrics();
  const log = measureLog(
    await createPostgresEventLog({ connection: postgres.connection('parley_log'), topics: LOG_TOPICS, clock, rng, logger }),
    metrics,
    clock,
  );
  undo.push(() => log.close());
  const queue = measureQueue(await createPostgresWorkQueue({ connection: postgres.connection('parley_log'), clock, logger }), metrics, clock);
  undo.push(() => queue.close());
  // In one process the key never leaves it, so it need not outlive it.
  const bus = createInternalBus({ key: rng.secret(32), clock, rng });
  const revocations = createRevocations({ log, clock, logger });
  const verifier = createVerifier({ jwks: () => bus.clientFor('parley').call(readJwks, {}), revocations, clock, issuer: ISSUER });
  const tracing = tracingFor(options);
  undo.push(() => tracing.close());
  // The code is used only while there is no owner; loopback needs none.
  const setupCode = listenHost(options.host, false).needsSetupCode ? rng.secret(9) : null;
  const { gateway, others } = createServices({ options, postgres, log, queue, bus, revocations, verifier, tracing, metrics, setupCode });
  watchGateway(gateway, metrics);
  const services = [...others, gateway];
  for (const service of services) bus.register(service.internal ?? []);
  const edge = await createEdge({ services, webRoot, origins: options.origins, logger, rng, metrics, tracing, verifier });
  gateway.attach(edge.server);
  await revocations.start();
  undo.push(() => revocations.stop());
  const startOne = async (service: Service): Promise<void> => {
    await service.start();
    undo.push(() => service.stop());
    step(service.name);
  };
  for (const service of others) await startOne(service);
  // Stopped in reverse: the gateway says goodbye to its sockets, HTTP finishes what it has in hand, then the services end.
  undo.push(() => edge.close());
  await startOne(gateway);
  const hasOwner = (await edge.inject({ url: '/api/setup' })).json<{ owner: boolean }>().owner;
  const { host } = listenHost(options.host, hasOwner);
  await edge.listen({ host, port: options.port, backlog: LISTEN_BACKLOG });
  const { port } = edge.server.address() as AddressInfo;
  step('listening');
  return {
    url: urlOf(host, port),
    host,
    port,
    hasOwner,
    setupCode: hasOwner ? null : setupCode,
    failed: postgres.exited.then(({ code }) => new Error(`Postgres ended (${code ?? 'by a signal'})`)),
    stop: () => stopInOrder(undo, logger),
  };
}

/** Always a file: what somebody asks to have followed can then be looked at, at no cost for what nobody follows. */
const tracingFor = ({ dataDir, otlpEndpoint, traceRatio = 0, logger }: EmbeddedOptions): Tracing => {
  const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint, TRACE_FILE: join(dataDir, 'traces', 'parley.jsonl'), TRACE_RATIO: traceRatio };
  return tracingOf(settings, { service: 'parley', rng, logger });
};

interface Parts {
  readonly options: EmbeddedOptions;
  readonly postgres: Postgres;
  readonly log: EventLog;
  readonly queue: WorkQueue;
  readonly bus: InternalBus;
  readonly revocations: Revocations;
  readonly verifier: TokenVerifier;
  readonly tracing: Tracing;
  readonly metrics: Metrics;
  readonly setupCode: string | null;
}

/** Every service; `others` in the order in which they start. */
function createServices({ options, postgres, log, queue, bus, revocations, verifier, tracing, metrics, setupCode }: Parts) {
  const { logger } = options;
  const feed = measureFeed(createMemoryFeed({ clock }), metrics, clock);
  const presence = createMemoryPresence({ clock });
  const shared = { log, clock, rng, logger, verifier, tracing, metrics };
  const accounts = createAccounts({
    ...shared,
    database: postgres.connection('parley_accounts'),
    internal: bus.clientFor('accounts'),
    config: { issuer: ISSUER, registration: options.registration ?? 'open', setupCode, accessTtlMs: ACCESS_TTL_MS },
  });
  const rooms = createRooms({ ...shared, database: postgres.connection('parley_rooms'), internal: bus.clientFor('rooms') });
  const messages = createMessages({ ...shared, database: postgres.connection('parley_messages'), feed, internal: bus.clientFor('messages') });
  // Neither is in a hurry, and each batch costs a transaction beside those of the messages.
  const unhurried = { ...shared, log: gatheringLog(log, GATHER_MS, clock) };
  const media = createMedia({
    ...unhurried,
    database: postgres.connection('parley_media'),
    queue,
    internal: bus.clientFor('media'),
    // Links live for minutes: those of before a restart are asked for again.
    config: { dir: join(options.dataDir, 'media'), linkKey: rng.secret(32) },
  });
  const notifications = createNotifications({
    ...unhurried,
    database: postgres.connection('parley_notifications'),
    queue,
    presence,
    internal: bus.clientFor('notifications'),
    config: notificationsConfig(options.notifications ?? {}, options.port),
  });
  const gateway = createGateway({
    ...shared,
    feed,
    presence,
    internal: bus.clientFor('gateway'),
    revocations,
    meter: gatewayMeter(metrics),
    config: { ...options.gateway, origins: options.origins, drainMs: options.drainMs },
  });
  return { gateway, others: [accounts, messages, rooms, media, notifications] };
}

/** Never the name localhost: the first start says 127.0.0.1, and a browser's session belongs to the address it was made at. */
const urlOf = (host: string, port: number): string =>
  `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host}:${port}`;

async function stopInOrder(undo: readonly (() => Promise<void>)[], logger: Logger): Promise<void> {
  for (const stop of [...undo].reverse()) await stop().catch((error: unknown) => logger.error({ err: error }, 'could not stop cleanly'));
}
