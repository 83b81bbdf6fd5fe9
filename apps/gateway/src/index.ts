// The gateway: the sockets of one worker. Services reach it only through the log, the feed and presence.
// The core and its socket are exported for simulation, which runs them without a network.
export * from './client-socket.ts';
export { gatewayMeter, watchGateway } from './cluster/gateway-metrics.ts';
export { type CoreRevocations, createGatewayCore, type GatewayCore, type GatewayCoreDeps, type GatewayStats } from './core.ts';
export * from './gateway.ts';
export type { ClassLimits, GatewayConfig, QueueLimits, Rate, WorkerLimits } from './gateway-config.ts';
export type { NodeConnections } from './socket-io/nodes.ts';
