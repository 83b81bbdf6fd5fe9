// Messages as a process of its own: the only file here that knows which engines there are.
import { createKafkaEventLog } from '@parley/kafka';
import { systemClock as clock, systemRng as rng } from '@parley/ports';
import { readJwks } from '@parley/protocol';
import { createRedisFeed } from '@parley/redis';
import {
  createInternalHttp,
  createLogger,
  createMetrics,
  createRevocations,
  createVerifier,
  measureFeed,
  measureLog,
  runService,
  TOKEN_ISSUER,
  tracingOf,
  withParts,
} from '@parley/runtime';
import { configFromEnv } from './config.ts';
import { createCrash } from './crash-points.ts';
import { createMessages } from './index.ts';

const config = configFromEnv();
const logger = createLogger({ level: config.LOG_LEVEL, pretty: config.LOG_FORMAT === 'pretty' });
const metrics = createMetrics();
const tracing = tracingOf(config, { service: 'messages', rng, logger });
const log = measureLog(
  createKafkaEventLog({
    brokers: config.KAFKA_BROKERS,
    clientId: 'parley-messages',
    client: config.KAFKA_CLIENT,
    topicPrefix: config.KAFKA_TOPIC_PREFIX,
    clock,
    rng,
    logger,
  }),
  metrics,
  clock,
);
const feed = measureFeed(createRedisFeed({ url: config.REDIS_URL, keyPrefix: config.REDIS_KEY_PREFIX, clock, rng, logger }), metrics, clock);
const urls = {
  accounts: config.ACCOUNTS_URL,
  rooms: config.ROOMS_URL,
  messages: config.MESSAGES_URL,
  notifications: config.NOTIFICATIONS_URL,
  media: config.MEDIA_URL,
};
const services = createInternalHttp({ key: config.INTERNAL_KEY, urls, clock, rng, logger, metrics });
const internal = services.clientFor('messages');
const revocations = createRevocations({ log, clock, logger });
const verifier = createVerifier({ jwks: () => internal.call(readJwks, {}), revocations, clock, issuer: TOKEN_ISSUER });
const service = createMessages({
  database: config.DATABASE_URL,
  log,
  feed,
  internal,
  verifier,
  clock,
  rng,
  logger,
  metrics,
  tracing,
  crash: config.CRASH_AT === undefined ? undefined : createCrash(config.CRASH_AT, () => process.kill(process.pid, 'SIGKILL')),
});

await runService({
  name: 'messages',
  logger,
  clock,
  rng,
  host: config.HOST,
  port: config.PORT,
  graceMs: config.GRACE_MS,
  internalKey: config.INTERNAL_KEY,
  metricsToken: config.METRICS_TOKEN,
  service: withParts(service, [tracing, log, services, feed, revocations], { clock, logger }),
  metrics,
});
