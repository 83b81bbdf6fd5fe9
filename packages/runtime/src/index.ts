// The chassis of every service.
import './http/schema-words.ts';

export * from './auth.ts';
export * from './connection.ts';
export * from './derived-id.ts';
export * from './http/app.ts';
export * from './http/errors.ts';
export * from './http/health.ts';
export * from './http/json-depth.ts';
export * from './http/origins.ts';
export * from './internal/bus.ts';
export * from './internal/calls.ts';
export * from './limits.ts';
export * from './log.ts';
export * from './metrics.ts';
export * from './process/lifecycle.ts';
export * from './process/read-config.ts';
export * from './revocations.ts';
export * from './saga/saga.ts';
export * from './saga/saga-runner.ts';
export * from './saga/sql-saga-store.ts';
export * from './service.ts';
export * from './verifier.ts';
