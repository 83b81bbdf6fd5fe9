// The gateway: the sockets of one worker. Services reach it only through the log, the feed and presence.
export * from './client-socket.ts';
export type { CoreRevocations } from './core.ts';
export * from './gateway.ts';
export type { ClassLimits, GatewayConfig, QueueLimits, Rate, WorkerLimits } from './gateway-config.ts';
