// Kafka behind the EventLog port. Exports are what a service's main composes; services never import this.
export { createKafkaEventLog, type KafkaEventLog, type KafkaEventLogOptions } from './create-event-log.ts';
export { type EnsureTopicsOptions, ensureTopics, type KafkaProfile, TopicRefused } from './ensure-topics.ts';
export type { AdapterLogger } from './logger.ts';
