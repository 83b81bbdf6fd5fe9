// Notifications as a process of its own: the only file here that knows which engines there are.
import { createKafkaEventLog } from '@parley/kafka';
import { systemClock as clock, gatheringLog, systemRng as rng } from '@parley/ports';
import { readJwks } from '@parley/protocol';
import { createRabbitWorkQueue } from '@parley/rabbitmq';
import { createRedisPresence } from '@parley/redis';
import {
  createInternalHttp,
  createLogger,
  createMetrics,
  createRevocations,
  createVerifier,
  measureLog,
  measureQueue,
  runService,
  TOKEN_ISSUER,
  tracingOf,
  withParts,
} from '@parley/runtime';
import { configFromEnv, vapidOf } from './config.ts';
import { createNotifications } from './index.ts';

/** Nobody waits for what is done here: it may come this much later, ms, and costs a transaction for many records instead of one for each. */
const GATHER_MS = 100;

const config = configFromEnv();
const logger = createLogger({ level: config.LOG_LEVEL, pretty: config.LOG_FORMAT === 'pretty' });
const metrics = createMetrics();
const tracing = tracingOf(config, { service: 'notifications', rng, logger });
const log = measureLog(
  createKafkaEventLog({
    brokers: config.KAFKA_BROKERS,
    clientId: 'parley-notifications',
    client: config.KAFKA_CLIENT,
    topicPrefix: config.KAFKA_TOPIC_PREFIX,
    clock,
    rng,
    logger,
  }),
  metrics,
  clock,
);
const presence = createRedisPresence({ url: config.REDIS_URL, keyPrefix: config.REDIS_KEY_PREFIX, clock, rng, logger });
const queue = measureQueue(createRabbitWorkQueue({ url: config.RABBITMQ_URL, prefix: config.RABBITMQ_PREFIX, clock, rng, logger }), metrics, clock);
const urls = {
  accounts: config.ACCOUNTS_URL,
  rooms: config.ROOMS_URL,
  messages: config.MESSAGES_URL,
  notifications: config.NOTIFICATIONS_URL,
  media: config.MEDIA_URL,
};
const services = createInternalHttp({ key: config.INTERNAL_KEY, urls, clock, rng, logger, metrics });
const internal = services.clientFor('notifications');
const revocations = createRevocations({ log, clock, logger });
const verifier = createVerifier({ jwks: () => internal.call(readJwks, {}), revocations, clock, issuer: TOKEN_ISSUER });
const service = createNotifications({
  database: config.DATABASE_URL,
  log: gatheringLog(log, GATHER_MS, clock),
  queue,
  presence,
  internal,
  verifier,
  clock,
  rng,
  logger,
  metrics,
  tracing,
  config: {
    publicUrl: (config.PUBLIC_URL ?? '').replace(/\/+$/, ''),
    vapid: vapidOf(config),
    vapidSubject: config.VAPID_SUBJECT ?? 'mailto:operator@localhost',
    smtpUrl: config.SMTP_URL ?? null,
    mailFrom: config.MAIL_FROM ?? 'Parley <parley@localhost>',
    allowPrivate: config.WEBHOOK_ALLOW_PRIVATE,
  },
});

await runService({
  name: 'notifications',
  logger,
  clock,
  rng,
  host: config.HOST,
  port: config.PORT,
  graceMs: config.GRACE_MS,
  internalKey: config.INTERNAL_KEY,
  metricsToken: config.METRICS_TOKEN,
  service: withParts(service, [tracing, log, services, queue, presence, revocations], { clock, logger }),
  metrics,
});
