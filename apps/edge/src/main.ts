// The edge as a process of its own: the only file here that knows which engines there are.
import { fileURLToPath } from 'node:url';
import { systemClock as clock, systemRng as rng } from '@parley/ports';
import { createRedisLimiterStore } from '@parley/redis';
import { createInternalHttp, createLimits, createLogger, createMetrics, runService, tracingOf, withParts } from '@parley/runtime';
import { configFromEnv } from './config.ts';
import { createEdgeProxy } from './index.ts';

const config = configFromEnv();
const logger = createLogger({ level: config.LOG_LEVEL, pretty: config.LOG_FORMAT === 'pretty' });
const metrics = createMetrics();
const tracing = tracingOf(config, { service: 'edge', rng, logger });
const store = createRedisLimiterStore({ url: config.REDIS_URL, keyPrefix: config.REDIS_KEY_PREFIX, clock, logger });
const urls = {
  accounts: config.ACCOUNTS_URL,
  rooms: config.ROOMS_URL,
  messages: config.MESSAGES_URL,
  notifications: config.NOTIFICATIONS_URL,
  media: config.MEDIA_URL,
};
const http = createInternalHttp({ key: config.INTERNAL_KEY, urls, clock, rng, logger, metrics });
const edge = await createEdgeProxy({
  http,
  gatewayUrls: config.GATEWAY_URLS,
  gatewayCheckUrls: config.GATEWAY_CHECK_URLS,
  webRoot: config.WEB_ROOT ?? fileURLToPath(new URL('../../web/dist', import.meta.url)),
  origins: config.ORIGINS,
  clock,
  rng,
  logger,
  metrics,
  metricsToken: config.METRICS_TOKEN,
  tracing,
  limits: createLimits(store),
  trustedProxies: config.TRUSTED_PROXIES,
  uploadBytes: config.MEDIA_MAX_BYTES,
});

await runService({
  name: 'edge',
  logger,
  clock,
  rng,
  host: config.HOST,
  port: config.PORT,
  graceMs: config.GRACE_MS,
  internalKey: config.INTERNAL_KEY,
  metricsToken: config.METRICS_TOKEN,
  service: withParts(edge, [tracing, { close: http.close }, store], { clock, logger }),
  app: edge.app,
  metrics,
});
