// The chassis of every service.
export * from './auth.ts';
export * from './internal.ts';
export * from './service.ts';
