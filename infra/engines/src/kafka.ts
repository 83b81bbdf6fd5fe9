// Kafka (KRaft, broker and controller in one process) as a local process: one, or one of three. Never makes topics by itself and never
// listens beyond the loopback.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemRng as rng } from '@parley/ports';
import { baseEnv } from './config.ts';
import type { Engine, EngineOptions } from './engine.ts';
import { bringJars } from './kafka-jars.ts';
import { portsOf, writeWhole } from './process/engine-folder.ts';
import { createEngineProcess } from './process/engine-process.ts';
import { makeEngine, starting } from './process/make-engine.ts';
import { freePorts } from './process/ports.ts';

const MEMORY = ['-Xms96m', '-Xmx384m', '-XX:MaxDirectMemorySize=128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

export interface KafkaOptions extends EngineOptions {
  /** One broker of several; default: the only one. */
  readonly member?: { readonly nodeId: number; readonly clusterId: string; readonly controllerPorts: readonly number[] };
}

interface Node {
  readonly folder: string;
  readonly nodeId: number;
  readonly port: number;
  readonly controllerPorts: readonly number[];
}

/** The engine of a folder, running or not: starts nothing. */
export async function openKafka({ folder, port: wanted, detached = false, member }: KafkaOptions): Promise<Engine> {
  const [port = 0, controllerPort = 0] = await portsOf(folder, ['kafka', 'controller'], wanted);
  const node: Node = { folder, port, nodeId: member?.nodeId ?? 1, controllerPorts: member?.controllerPorts ?? [controllerPort] };
  const running = createEngineProcess({
    name: 'kafka',
    folder,
    detached,
    stopSignal: 'SIGTERM',
    plan: async () => {
      const jars = await bringJars();
      const config = join(folder, 'server.properties');
      writeWhole(config, settingsOf(node, join(folder, 'data')));
      writeWhole(join(folder, 'log4j2.properties'), LOGGING);
      await format(node, jars, member?.clusterId);
      return { command: java(folder, jars, 'kafka.Kafka', [config]), env: baseEnv(), ready: /Kafka Server started/ };
    },
  });
  return makeEngine('kafka', `127.0.0.1:${port}`, running);
}

/** The first start takes some 4 s, later ones some 2 s. Throws EngineFailed. Of several brokers none serves before the most are started. */
export const startKafka = starting(openKafka);

/** Three brokers of one new cluster, each in its own folder of this one. Resolves when all serve. */
export async function startThreeKafkas({ folder, detached = false }: EngineOptions): Promise<readonly Engine[]> {
  const [clusterId, controllerPorts] = [newClusterId(), await freePorts(3)];
  const start = (nodeId: number) => startKafka({ folder: join(folder, `kafka-${nodeId}`), detached, member: { nodeId, clusterId, controllerPorts } });
  return Promise.all([start(1), start(2), start(3)]);
}

/** As Kafka writes it: 16 bytes in base64url, and not beginning with a dash. */
export function newClusterId(): string {
  const id = rng.secret(16);
  return id.startsWith('-') ? newClusterId() : id;
}

const java = (folder: string, jars: string, program: string, args: readonly string[]): string[] => [
  'java',
  ...MEMORY,
  `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`,
  '-Djava.awt.headless=true',
  '-cp',
  join(jars, '*'),
  program,
  ...args,
];

/** Made beside and renamed: a folder that is half made is never used. */
async function format(node: Node, jars: string, clusterId: string | undefined): Promise<void> {
  const data = join(node.folder, 'data');
  if (existsSync(join(data, 'meta.properties'))) return;
  const unfinished = join(node.folder, 'data.unfinished');
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  const config = join(node.folder, 'format.properties');
  writeWhole(config, settingsOf(node, unfinished));
  const [program = '', ...args] = java(node.folder, jars, 'kafka.tools.StorageTool', ['format', '-t', clusterId ?? newClusterId(), '-c', config]);
  await promisify(execFile)(program, args, { env: baseEnv(), maxBuffer: 2 ** 24 });
  renameSync(unfinished, data);
}

/** The cluster's id as it was formatted. */
export const clusterIdOf = (folder: string): string | undefined =>
  existsSync(join(folder, 'data', 'meta.properties'))
    ? /^cluster\.id=(.*)$/m.exec(readFileSync(join(folder, 'data', 'meta.properties'), 'utf8'))?.[1]
    : undefined;

function settingsOf({ nodeId, port, controllerPorts }: Node, data: string): string {
  const replicas = controllerPorts.length;
  const settings: Readonly<Record<string, string | number | boolean>> = {
    'process.roles': 'broker,controller',
    'node.id': nodeId,
    'controller.quorum.voters': controllerPorts.map((controllerPort, index) => `${index + 1}@127.0.0.1:${controllerPort}`).join(','),
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPorts[nodeId - 1]}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': data,
    'auto.create.topics.enable': false,
    'unclean.leader.election.enable': false,
    'num.partitions': 1,
    'default.replication.factor': replicas,
    'min.insync.replicas': Math.max(1, replicas - 1),
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': Math.max(1, replicas - 1),
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': Math.max(1, replicas - 1),
    'share.coordinator.state.topic.num.partitions': 1,
    'group.initial.rebalance.delay.ms': 0,
    // A broker that was killed is let in again when its old session has run out: 9 s by default.
    'broker.session.timeout.ms': replicas === 1 ? 2000 : 6000,
    'broker.heartbeat.interval.ms': 500,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'log.cleaner.dedupe.buffer.size': 8 * 2 ** 20,
    'log.index.size.max.bytes': 2 ** 20,
  };
  return `${Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`;
}

const LOGGING = `status=error
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %p %m (%c{1})%n
rootLogger.level=warn
rootLogger.appenderRefs=out
rootLogger.appenderRef.out.ref=out
logger.server.name=kafka.server.KafkaRaftServer
logger.server.level=info
`;
