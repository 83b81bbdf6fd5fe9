// One Redis, Kafka and RabbitMQ for a whole run of tests, so that not every worker starts its own. They end with this process, whatever
// ends it. Installs nothing: what is missing is named, and the tests that need it skip.
import { type Engine, type EngineName, missing, startKafka, startRabbitmq, startRedis } from '@parley/engines';
import { passingFolder } from '@parley/engines/testing';

export type SharedEngine = Exclude<EngineName, 'postgres'>;

const KINDS: Readonly<Record<SharedEngine, { readonly variable: string; readonly start: typeof startRedis }>> = {
  redis: { variable: 'PARLEY_TEST_REDIS_URL', start: startRedis },
  kafka: { variable: 'PARLEY_TEST_KAFKA_BROKERS', start: startKafka },
  rabbitmq: { variable: 'PARLEY_TEST_RABBITMQ_URL', start: startRabbitmq },
};

export interface SharedEngines {
  /** What tests find them by. */
  readonly env: Readonly<Record<string, string>>;
  /** What could not be had, and why. */
  readonly leftOut: readonly string[];
  stop(): Promise<void>;
}

/** Starts those that can be had and are not named by the environment already. Throws when one that is installed does not start. */
export async function startShared(names: readonly SharedEngine[]): Promise<SharedEngines> {
  const leftOut = names.flatMap((name) => (missing(name) === null ? [] : [`${name}: ${missing(name)}`]));
  const wanted = names.filter((name) => missing(name) === null && process.env[KINDS[name].variable] === undefined);
  const engines: Engine[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(engines.map((engine) => engine.stop()));
  };
  try {
    const begun = await Promise.allSettled(wanted.map(async (name) => engines.push(await KINDS[name].start({ folder: passingFolder(`parley-run-${name}-`) }))));
    for (const result of begun) if (result.status === 'rejected') throw result.reason;
    return { leftOut, stop, env: Object.fromEntries(engines.map(({ name, url }) => [KINDS[name as SharedEngine].variable, url])) };
  } catch (error) {
    await stop();
    throw error;
  }
}
