// The ports: what services need from the world, in the smallest words. An adapter is one brand; services never know which.
export * from './cache.ts';
export * from './clock.ts';
export * from './event-log.ts';
export * from './feed.ts';
export * from './loops/consume-loop.ts';
export * from './loops/gathering-log.ts';
export * from './loops/work-loop.ts';
export * from './manual-clock.ts';
export * from './presence.ts';
export * from './seeded-rng.ts';
export * from './system.ts';
export * from './work-queue.ts';
