// The engines of a folder: which there are, under which ports, and opening them. They run detached, and any shell finds them again.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine, EngineName } from '../engine.ts';
import { newClusterId, openKafka } from '../kafka.ts';
import { openPostgres } from '../postgres.ts';
import { writeWhole } from '../process/engine-folder.ts';
import { runningIn } from '../process/engine-process.ts';
import { freePorts, isFree } from '../process/ports.ts';
import { openRabbitmq } from '../rabbitmq.ts';
import { openRedis } from '../redis.ts';

export interface LocalEngine {
  /** Such as `redis`, or `kafka-2` of three brokers. */
  readonly id: string;
  readonly name: EngineName;
  readonly folder: string;
  /** `choosePort`: when the port that it had is somebody else's now, another one (before a start that may change its address). */
  open(choosePort?: boolean): Promise<Engine>;
}

/** Fixed at the first start: data of one broker is no data of three. */
export interface Profile {
  readonly brokers: 1 | 3;
  readonly clusterId: string;
  readonly controllerPorts: readonly number[];
}

export class ProfileDiffers extends Error {
  override readonly name = 'ProfileDiffers';
}

/** The folder's profile, made when it has none. Throws ProfileDiffers. */
export async function profileOf(folder: string, brokers: 1 | 3 | undefined): Promise<Profile> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'profile.json');
  if (existsSync(file)) {
    const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile;
    if (brokers === undefined || profile.brokers === brokers) return profile;
    throw new ProfileDiffers(`${folder} holds the data of ${profile.brokers} Kafka broker(s). For ${brokers}, name another folder: PARLEY_ENGINES=...`);
  }
  const profile: Profile = { brokers: brokers ?? 1, clusterId: newClusterId(), controllerPorts: await freePorts(brokers ?? 1) };
  writeWhole(file, JSON.stringify(profile));
  return profile;
}

export function enginesOf(folder: string, profile: Profile): readonly LocalEngine[] {
  const { brokers, clusterId, controllerPorts } = profile;
  const kafka = Array.from({ length: brokers }, (_, index): LocalEngine => {
    const id = brokers === 1 ? 'kafka' : `kafka-${index + 1}`;
    const own = join(folder, id);
    const member = { nodeId: index + 1, clusterId, controllerPorts };
    return {
      id,
      name: 'kafka',
      folder: own,
      open: async (choose) => openKafka({ folder: own, detached: true, port: await portFor(own, 'kafka', 9092 + index, choose), member }),
    };
  });
  const simple = (name: 'redis' | 'rabbitmq' | 'postgres', usual: number, open: typeof openRedis): LocalEngine => {
    const own = join(folder, name);
    return { id: name, name, folder: own, open: async (choose) => open({ folder: own, detached: true, port: await portFor(own, name, usual, choose) }) };
  };
  return [...kafka, simple('redis', 6379, openRedis), simple('rabbitmq', 5672, openRabbitmq), simple('postgres', 5432, openPostgres)];
}

/** The port that it had, else the usual one, else any: the first that is not somebody else's. */
async function portFor(folder: string, name: string, usual: number, choose = false): Promise<number> {
  const file = join(folder, 'ports.json');
  const had = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>)[name] : undefined;
  if (had !== undefined && (!choose || runningIn(folder) !== null)) return had;
  for (const port of [had ?? usual, usual]) if (await isFree(port)) return port;
  return (await freePorts(1))[0] ?? 0;
}
