// The suites that every adapter of a port runs: `eventLogConformance('postgres', factory)` in a test file.
export * from './cache.ts';
export * from './event-log.ts';
export * from './feed.ts';
export * from './presence.ts';
export * from './work-queue.ts';
export * from './world.ts';
