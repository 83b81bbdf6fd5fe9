// The adapters of the one process (feed, presence, cache) and of tests and simulation (log, work queue). Deterministic under a manual clock.
export * from './cache.ts';
export * from './event-log.ts';
export * from './feed.ts';
export * from './presence.ts';
export * from './work-queue.ts';
