// RabbitMQ behind the WorkQueue port. Services never import this; only what composes them does.
export { createRabbitWorkQueue, type RabbitWorkQueue, type RabbitWorkQueueOptions } from './create-work-queue.ts';
export type { AdapterLogger } from './logger.ts';
