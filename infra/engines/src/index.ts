// Real engines without Docker. Exports are what tests, tools and the command line use; no service imports this.
export type { Engine, EngineName, EngineOptions } from './engine.ts';
export { type KafkaOptions, newClusterId, startKafka, startThreeKafkas } from './kafka.ts';
export { bringJars, jarsFolder, KAFKA_VERSION } from './kafka-jars.ts';
export { missing } from './missing.ts';
export { startPostgres } from './postgres.ts';
export { EngineFailed } from './process/engine-process.ts';
export { startRabbitmq } from './rabbitmq.ts';
export { startRedis } from './redis.ts';
