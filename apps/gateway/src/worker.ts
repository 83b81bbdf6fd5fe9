// One worker of a gateway: its own hub, its own connections to the engines, on the port that all workers share. Only here are the engines known.
import { createKafkaEventLog } from '@parley/kafka';
import { systemClock as clock, systemRng as rng } from '@parley/ports';
import { readJwks } from '@parley/protocol';
import { createRedisConnections, createRedisFeed, createRedisPresence } from '@parley/redis';
import {
  createHttpApp,
  createInternalHttp,
  createLogger,
  createMetrics,
  createRevocations,
  createVerifier,
  LISTEN_BACKLOG,
  measureLog,
  registerHealth,
  registerInternal,
  TOKEN_ISSUER,
  tracingOf,
  withParts,
} from '@parley/runtime';
import { DEAR_ROOMS, gatewayMeter, watchGateway } from './cluster/gateway-metrics.ts';
import { obeyPrimary } from './cluster/obey-primary.ts';
import { configFromEnv, workerSlot } from './config.ts';
import { createGateway } from './gateway.ts';

/** Beside the goodbyes: answers to appends in flight, and letting go of the engines. */
const FINISH_MS = 7_000;

const LOOK_MS = 50;

const config = configFromEnv();
const slot = workerSlot();
const logger = createLogger({ level: config.LOG_LEVEL, pretty: config.LOG_FORMAT === 'pretty' }).child({ worker: slot });
const metrics = createMetrics();
const name = config.GATEWAY_NAME === undefined ? undefined : `${config.GATEWAY_NAME}/${slot}`;
// A file of traces has one writer.
const TRACE_FILE = config.TRACE_FILE?.replace(/(\.\w+)?$/, `.${slot}$1`);
const tracing = tracingOf({ ...config, TRACE_FILE }, { service: 'gateway', instance: name ?? slot, rng, logger });
const log = measureLog(
  createKafkaEventLog({
    brokers: config.KAFKA_BROKERS,
    clientId: 'parley-gateway',
    client: config.KAFKA_CLIENT,
    topicPrefix: config.KAFKA_TOPIC_PREFIX,
    clock,
    rng,
    logger,
  }),
  metrics,
  clock,
);
const redis = { url: config.REDIS_URL, keyPrefix: config.REDIS_KEY_PREFIX, clock, rng, logger };
const feed = createRedisFeed(redis);
const presence = createRedisPresence(redis);
const nodes = createRedisConnections(redis);
const urls = { accounts: config.ACCOUNTS_URL, messages: config.MESSAGES_URL };
const services = createInternalHttp({ key: config.INTERNAL_KEY, urls, clock, rng, logger, metrics });
const internal = services.clientFor('gateway');
const revocations = createRevocations({ log, clock, logger });
const verifier = createVerifier({ jwks: () => internal.call(readJwks, {}), revocations, clock, issuer: TOKEN_ISSUER });
const gateway = createGateway({
  log,
  feed,
  presence,
  nodes,
  internal,
  verifier,
  revocations,
  clock,
  rng,
  logger,
  tracing,
  meter: gatewayMeter(metrics),
  config: {
    origins: [...config.ORIGINS, ...(config.PUBLIC_URL === undefined ? [] : [new URL(config.PUBLIC_URL).origin])],
    ...(name === undefined ? {} : { name }),
    drainMs: config.DRAIN_MS + FINISH_MS,
    goodbyeMs: config.DRAIN_MS,
  },
});
const service = withParts(gateway, [tracing, log, services, feed, presence, nodes, revocations], { clock, logger });
watchGateway(gateway, metrics);

const app = createHttpApp({ logger, rng });
registerHealth(app, [service]);
registerInternal(app, service.internal ?? [], services.tokens, clock);
gateway.attach(app.server);
await service.start();
// Who came before would be refused: the others carry on until then.
while (!gateway.serves()) await clock.sleep(LOOK_MS);
await app.listen({ host: config.HOST, port: config.PORT, backlog: LISTEN_BACKLOG });
obeyPrimary({
  status: () => {
    const { sockets, users, rooms } = gateway.stats();
    const { ladder } = gateway;
    return { sockets, users, rooms, problems: service.problems?.() ?? [], shedding: ladder.view(), dearRooms: ladder.dearest(DEAR_ROOMS) };
  },
  metrics,
  stop: async (goodbyeMs) => {
    // Nobody new from now on: the primary gives them to the others.
    app.server.close();
    await service.stop(goodbyeMs);
    await app.close();
  },
  logger,
});
