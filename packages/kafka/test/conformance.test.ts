// Kafka keeps the promises of EventLog with either client: the same suite that the memory and the Postgres log run.
import { CONFORMANCE_TOPICS, eventLogConformance } from '@parley/ports/conformance';
import { brokers, CLIENTS, describeKafka, kafkaWorld, leftOut } from './broker.ts';

describeKafka(`on a real broker${leftOut}`, () => {
  for (const client of CLIENTS) eventLogConformance(`kafka by ${client}`, () => kafkaWorld(brokers, CONFORMANCE_TOPICS, client));
});
