// The chassis of every service.
export * from './auth.ts';
export * from './internal.ts';
export * from './service.ts';
export * from './connection.ts';
export * from './log.ts';
