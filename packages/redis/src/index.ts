// The ports on Redis. Nothing durable is kept here: whatever Redis forgets is asked for again or rebuilt.
export { createRedisCache, type RedisCache, type RedisCacheOptions } from './cache.ts';
export { createRedisFeed, type RedisFeed, type RedisFeedOptions } from './feed.ts';
export { createRedisLimiterStore, type RedisLimiterStore } from './limiter-store.ts';
export { RedisAway, type RedisOptions } from './link.ts';
export type { AdapterLogger } from './logger.ts';
export { createRedisConnections, type NodeClient, type RedisConnections } from './node-clients.ts';
export { createRedisPresence, type RedisPresence, type RedisPresenceOptions } from './presence.ts';
