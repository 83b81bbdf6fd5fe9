// The ports: what services need from the world, in the smallest words. An adapter is one brand; services never know which.
export * from './cache.ts';
export * from './clock.ts';
export * from './consume-loop.ts';
export * from './event-log.ts';
export * from './feed.ts';
export * from './gathering-log.ts';
export * from './manual-clock.ts';
export * from './presence.ts';
export * from './seeded-rng.ts';
export * from './system.ts';
export * from './work-loop.ts';
export * from './work-queue.ts';
