// Every fault there is, in the order of their numbers.
import type { Fault } from '../fault.ts';
import { kafkaAway } from './engines/f5-kafka-away.ts';
import { kafkaLeader } from './engines/f6-kafka-leader.ts';
import { redisAway } from './engines/f7-redis-away.ts';
import { postgresAway } from './engines/f8-postgres-away.ts';
import { rabbitmqAway } from './engines/f9-rabbitmq-away.ts';
import { powerCut } from './engines/f12-power-cut.ts';
import { slowClient } from './people/f13-slow-client.ts';
import { allCut } from './people/f14-all-cut.ts';
import { repeatedSends } from './people/f15-repeated-sends.ts';
import { clockSkew } from './people/f16-clock-skew.ts';
import { poison } from './people/f19-poison.ts';
import { membershipChurn } from './people/f23-membership-churn.ts';
import { gatewayKilled } from './processes/f1-gateway-killed.ts';
import { messagesKilled } from './processes/f2-messages-killed.ts';
import { servicesKilled } from './processes/f3-services-killed.ts';
import { paused } from './processes/f4-paused.ts';
import { rollingRestart } from './processes/f17-rolling-restart.ts';
import { impatientStop } from './processes/f18-impatient-stop.ts';
import { comingAndGoing } from './processes/f21-coming-and-going.ts';

export const FAULTS: readonly Fault[] = [
  gatewayKilled,
  messagesKilled,
  servicesKilled,
  paused,
  kafkaAway,
  kafkaLeader,
  redisAway,
  postgresAway,
  rabbitmqAway,
  powerCut,
  slowClient,
  allCut,
  repeatedSends,
  clockSkew,
  rollingRestart,
  impatientStop,
  poison,
  comingAndGoing,
  membershipChurn,
];
