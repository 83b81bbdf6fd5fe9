// `parley log`: commands that could not be decided, and putting them back. Shows where they were and why, never what is in them.
import { systemClock } from '@parley/ports';
import { type LogConfig, logConfigFromEnv } from '../log/config.ts';
import { readDeadLetters, replayDeadLetters } from '../log/dead-letters.ts';
import { visitLog } from '../log/visit-log.ts';

interface Options {
  readonly brokers?: string;
  readonly json?: boolean;
}

const configOf = ({ brokers }: Options): LogConfig => ({ ...logConfigFromEnv(), ...(brokers === undefined ? {} : { brokers }) });

export async function listDead(options: Options): Promise<void> {
  const found = await visitLog(configOf(options), readDeadLetters);
  const letters = found.map(({ topic, partition, offset, key, reason, bytes, time }) => {
    return { topic, partition, offset, key, reason, bytes: bytes === null ? null : Buffer.byteLength(bytes, 'base64'), time: new Date(time).toISOString() };
  });
  if (options.json === true) return console.log(JSON.stringify({ letters }));
  for (const { time, topic, partition, offset, key, reason } of letters) {
    console.log(`${time}  ${`${topic}/${partition}@${offset}`.padEnd(26)} ${printable(key).padEnd(38)} ${printable(reason)}`);
  }
  console.log(letters.length === 0 ? 'No dead letters.' : `${letters.length} dead. \`parley log replay-dead\` puts them back.`);
}

export async function replayDead(options: Options): Promise<void> {
  const replayed = await visitLog(configOf(options), (log) => replayDeadLetters(log, systemClock));
  console.log(options.json === true ? JSON.stringify({ replayed }) : `${replayed} put back. Senders who were told of a rejection stay rejected.`);
}

/** It comes from anywhere: no control characters to a terminal. */
const printable = (text: string): string => text.replace(/\p{C}+/gu, ' ').slice(0, 200);
