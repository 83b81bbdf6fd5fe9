// Media as a process of its own: the only file here that knows which engines there are.
import { createHmac } from 'node:crypto';
import { createKafkaEventLog } from '@parley/kafka';
import { systemClock as clock, gatheringLog, systemRng as rng } from '@parley/ports';
import { readJwks } from '@parley/protocol';
import { createRabbitWorkQueue } from '@parley/rabbitmq';
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
  withParts,
} from '@parley/runtime';
import { configFromEnv, s3Of } from './config.ts';
import { createMedia } from './index.ts';

/** Nobody waits for what is done here: it may come this much later, ms, and costs a transaction for many records instead of one for each. */
const GATHER_MS = 100;

const config = configFromEnv();
const logger = createLogger({ level: config.LOG_LEVEL, pretty: config.LOG_FORMAT === 'pretty' });
const metrics = createMetrics();
const log = measureLog(
  createKafkaEventLog({
    brokers: config.KAFKA_BROKERS,
    clientId: 'parley-media',
    client: config.KAFKA_CLIENT,
    topicPrefix: config.KAFKA_TOPIC_PREFIX,
    clock,
    rng,
    logger,
  }),
  metrics,
  clock,
);
const queue = measureQueue(createRabbitWorkQueue({ url: config.RABBITMQ_URL, prefix: config.RABBITMQ_PREFIX, clock, rng, logger }), metrics, clock);
const urls = {
  accounts: config.ACCOUNTS_URL,
  rooms: config.ROOMS_URL,
  messages: config.MESSAGES_URL,
  notifications: config.NOTIFICATIONS_URL,
  media: config.MEDIA_URL,
};
const services = createInternalHttp({ key: config.INTERNAL_KEY, urls, clock, rng, logger, metrics });
const internal = services.clientFor('media');
const revocations = createRevocations({ log, clock, logger });
const verifier = createVerifier({ jwks: () => internal.call(readJwks, {}), revocations, clock, issuer: TOKEN_ISSUER });
// The same in every process of the service, and no secret of its own to keep.
const linkKey = createHmac('sha256', config.INTERNAL_KEY).update('media links').digest('base64url');
const service = createMedia({
  database: config.DATABASE_URL,
  log: gatheringLog(log, GATHER_MS, clock),
  queue,
  internal,
  verifier,
  clock,
  rng,
  logger,
  config: { dir: config.MEDIA_DIR ?? '', s3: s3Of(config), maxBytes: config.MEDIA_MAX_BYTES, linkKey },
});

await runService({
  name: 'media',
  logger,
  clock,
  rng,
  host: config.HOST,
  port: config.PORT,
  graceMs: config.GRACE_MS,
  internalKey: config.INTERNAL_KEY,
  metricsToken: config.METRICS_TOKEN,
  service: withParts(service, [log, services, queue, revocations], { clock, logger }),
  metrics,
});
