// Accounts as a process of its own: the only file here that knows which engines there are.
import { createKafkaEventLog } from '@parley/kafka';
import { systemClock as clock, systemRng as rng } from '@parley/ports';
import { createRedisLimiterStore } from '@parley/redis';
import { createInternalHttp, createLimits, createLogger, createMetrics, measureLog, runService, TOKEN_ISSUER, withParts } from '@parley/runtime';
import { configFromEnv } from './config.ts';
import { createAccounts } from './index.ts';

const config = configFromEnv();
const logger = createLogger({ level: config.LOG_LEVEL, pretty: config.LOG_FORMAT === 'pretty' });
const metrics = createMetrics();
const log = measureLog(
  createKafkaEventLog({
    brokers: config.KAFKA_BROKERS,
    clientId: 'parley-accounts',
    client: config.KAFKA_CLIENT,
    topicPrefix: config.KAFKA_TOPIC_PREFIX,
    clock,
    rng,
    logger,
  }),
  metrics,
  clock,
);
const urls = {
  accounts: config.ACCOUNTS_URL,
  rooms: config.ROOMS_URL,
  messages: config.MESSAGES_URL,
  notifications: config.NOTIFICATIONS_URL,
  media: config.MEDIA_URL,
};
const services = createInternalHttp({ key: config.INTERNAL_KEY, urls, clock, rng, logger, metrics });
const internal = services.clientFor('accounts');
const store = createRedisLimiterStore({ url: config.REDIS_URL, keyPrefix: config.REDIS_KEY_PREFIX, clock, logger });
const service = createAccounts({
  database: config.DATABASE_URL,
  log,
  internal,
  limits: createLimits(store),
  clock,
  rng,
  logger,
  metrics,
  config: { issuer: TOKEN_ISSUER, registration: config.REGISTRATION, setupCode: config.SETUP_CODE ?? null },
});

await runService({
  name: 'accounts',
  logger,
  clock,
  rng,
  host: config.HOST,
  port: config.PORT,
  graceMs: config.GRACE_MS,
  internalKey: config.INTERNAL_KEY,
  metricsToken: config.METRICS_TOKEN,
  service: withParts(service, [log, services, store], { clock, logger }),
  metrics,
});
