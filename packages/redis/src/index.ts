// The ports on Redis. Nothing durable is kept here: whatever Redis forgets is asked for again or rebuilt.
export { createRedisCache, type RedisCache, type RedisCacheOptions } from './cache.ts';
export { createRedisConnections, type RedisConnections } from './connections.ts';
export { createRedisFeed, type RedisFeed, type RedisFeedOptions } from './feed.ts';
export { createRedisLimiterStore, type RedisLimiterStore } from './limiter-store.ts';
export { RedisAway, type RedisOptions } from './link.ts';
export type { AdapterLogger } from './logger.ts';
export { createRedisPresence, type RedisPresence, type RedisPresenceOptions } from './presence/presence.ts';
