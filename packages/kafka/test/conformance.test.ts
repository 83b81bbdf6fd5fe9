// Kafka keeps the promises of EventLog with either client: the same suite that the memory and the Postgres log run.
import { CONFORMANCE_TOPICS, eventLogConformance } from '@parley/ports/conformance';
import { CLIENTS, kafkaWorld } from './broker.ts';

const brokers = process.env['PARLEY_TEST_KAFKA_BROKERS'] ?? '';
for (const client of CLIENTS) eventLogConformance(`kafka by ${client}`, () => kafkaWorld(brokers, CONFORMANCE_TOPICS, client));
