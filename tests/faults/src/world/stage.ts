// Where faults happen: engines of our own and one warm cluster on them. All of it ends with this process, whatever ends that.
import { type Cluster, type ClusterOptions, type EngineUrls, startCluster } from '@parley/cli';
import { type Engine, type EngineName, startKafka, startPostgres, startRabbitmq, startRedis } from '@parley/engines';
import { passingFolder } from '@parley/engines/testing';
import { createPushService, type PushService } from './push-service.ts';

export interface Stage {
  readonly engines: Readonly<Record<EngineName, Engine>>;
  readonly cluster: Cluster;
  readonly loadKey: string;
  /** Before every topic, key, queue and database. */
  readonly prefix: string;
  /** Writing a crash point's name here ends the first messages instance that reaches it, once. */
  readonly crashFile: string;
  readonly pushes: PushService;
  readonly seconds: number;
  stop(): Promise<void>;
}

export type StageOptions = Partial<Pick<ClusterOptions, 'gateways' | 'workers' | 'messages' | 'logLevel' | 'env' | 'envOf'>> & {
  readonly say?: (text: string) => void;
  /** Kept, with the logs in it. Default: one that is removed. */
  readonly folder?: string;
  /** Engines that are there already; the stage does not stop them. */
  readonly engines?: Partial<Record<EngineName, Engine>>;
  readonly kafka?: Pick<EngineUrls, 'kafkaBrokers' | 'kafkaProfile'>;
};

const STARTS = { kafka: startKafka, redis: startRedis, rabbitmq: startRabbitmq, postgres: startPostgres } as const;
const NAMES = Object.keys(STARTS) as EngineName[];
let stages = 0;

export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const { say = () => {} } = options;
  const began = performance.now();
  const prefix = `f${process.pid}x${++stages}`;
  const begun = await Promise.allSettled(
    NAMES.map(async (name) => options.engines?.[name] ?? (await STARTS[name]({ folder: passingFolder(`parley-fault-${name}-`) }))),
  );
  const running = begun.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const own = running.filter((engine) => options.engines?.[engine.name] !== engine);
  const pushes = await createPushService();
  const endAll = async (): Promise<void> => {
    await pushes.close();
    await Promise.all(own.map((engine) => engine.stop()));
  };
  try {
    for (const result of begun) if (result.status === 'rejected') throw result.reason;
    const engines = Object.fromEntries(running.map((engine) => [engine.name, engine])) as Record<EngineName, Engine>;
    say(`engines are there (${((performance.now() - began) / 1000).toFixed(1)} s)`);
    const folder = options.folder ?? passingFolder('parley-fault-cluster-');
    const crashFile = `${folder}/crash-at`;
    const cluster = await startCluster({
      folder,
      engines: {
        kafkaBrokers: engines.kafka.url,
        ...options.kafka,
        redisUrl: engines.redis.url,
        rabbitmqUrl: engines.rabbitmq.url,
        databaseAdminUrl: engines.postgres.url,
      },
      prefix,
      gateways: options.gateways ?? 2,
      workers: options.workers ?? 2,
      messages: options.messages ?? 2,
      drainMs: 1_500,
      logLevel: options.logLevel ?? 'warn',
      env: { CRASH_AT: crashFile, WEBHOOK_ALLOW_PRIVATE: 'true', ...options.env },
      envOf: options.envOf ?? {},
    });
    const seconds = (performance.now() - began) / 1000;
    say(`the cluster is there (${seconds.toFixed(1)} s): ${cluster.url}`);
    const stop = async (): Promise<void> => {
      await cluster.stop();
      await endAll();
    };
    return { engines, cluster, loadKey: await cluster.loadKey(), prefix, crashFile, pushes, seconds, stop };
  } catch (error) {
    await endAll();
    throw error;
  }
}
