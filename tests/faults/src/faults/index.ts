// Every fault there is, in the order of their numbers.
import type { Fault } from '../fault.ts';
import { kafkaAway } from './engines/f5-kafka-away.ts';
import { redisAway } from './engines/f7-redis-away.ts';
import { postgresAway } from './engines/f8-postgres-away.ts';
import { rabbitmqAway } from './engines/f9-rabbitmq-away.ts';
import { gatewayKilled } from './processes/f1-gateway-killed.ts';
import { messagesKilled } from './processes/f2-messages-killed.ts';
import { paused } from './processes/f4-paused.ts';

export const FAULTS: readonly Fault[] = [gatewayKilled, messagesKilled, paused, kafkaAway, redisAway, postgresAway, rabbitmqAway];
