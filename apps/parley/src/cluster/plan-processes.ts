// Which processes a local cluster is made of, and the environment of each. Pure: it starts nothing.
import { fileURLToPath } from 'node:url';
import { isLoopback } from '../listen-host.ts';
import type { ClusterKeys } from './keys.ts';
import type { ProcessPlan } from './supervised.ts';

export interface EngineUrls {
  readonly kafkaBrokers: string;
  /** How many brokers the topics are made for. Default: one. */
  readonly kafkaProfile?: 'one' | 'three';
  readonly redisUrl: string;
  readonly rabbitmqUrl: string;
  /** A role that may make databases; each service gets a database of its own. */
  readonly databaseAdminUrl: string;
}

export interface ClusterShape {
  readonly gateways: number;
  /** Per gateway. */
  readonly workers: number;
  readonly messages: number;
  readonly host: string;
  /** Of the one address that people use. 0: a free one. */
  readonly port: number;
  /** Keeps clusters on the same engines apart: their topics, keys, queues and databases begin with this word. null: the only one. */
  readonly prefix: string | null;
  readonly drainMs: number;
  readonly graceMs: number;
  readonly logLevel: string;
}

export const SERVICES_WITH_DATABASE = ['accounts', 'rooms', 'messages', 'notifications', 'media'] as const;
export type ServiceWithDatabase = (typeof SERVICES_WITH_DATABASE)[number];

export interface PlanInput {
  readonly shape: ClusterShape;
  readonly engines: EngineUrls;
  readonly keys: ClusterKeys;
  readonly setupCode: string | null;
  /** Where each service's database is. */
  readonly databaseUrls: Readonly<Record<ServiceWithDatabase, string>>;
  /** Where uploads go. */
  readonly mediaFolder: string;
  /** Where each process leaves its traces: `<name>.jsonl`. */
  readonly traceFolder: string;
  readonly ports: readonly number[];
  /** What every process inherits. */
  readonly base: Readonly<Record<string, string>>;
}

export interface ClusterPlan {
  readonly processes: readonly ProcessPlan[];
  readonly url: string;
  readonly gatewayUrls: readonly string[];
  readonly serviceUrls: Readonly<Record<string, readonly string[]>>;
}

const mainOf = (service: string): string => fileURLToPath(import.meta.resolve(`@parley/${service}/main`));
const numbered = (name: string, count: number): string[] => (count === 1 ? [name] : Array.from({ length: count }, (_, index) => `${name}-${index + 1}`));
/** A gateway is always numbered: there may be more of them tomorrow. */
const gatewayNames = (count: number): string[] => Array.from({ length: count }, (_, index) => `gateway-${index + 1}`);

const prefixes = (word: string | null): Record<string, string> =>
  word === null ? {} : { KAFKA_TOPIC_PREFIX: `${word}.`, REDIS_KEY_PREFIX: `${word}:`, RABBITMQ_PREFIX: `${word}.` };

/** How many ports `planProcesses` needs. */
export const portsNeeded = (shape: ClusterShape): number => shape.gateways * 2 + shape.messages + 5;

export function planProcesses(input: PlanInput): ClusterPlan {
  const { shape } = input;
  const ports = [...input.ports];
  const address = (): string => `http://127.0.0.1:${ports.shift()}`;
  const names = { accounts: 1, rooms: 1, messages: shape.messages, notifications: 1, media: 1 };
  const addresses = Object.fromEntries(
    SERVICES_WITH_DATABASE.map((service) => [service, numbered(service, names[service]).map((name) => ({ name, url: address() }))]),
  );
  const serviceUrls = Object.fromEntries(Object.entries(addresses).map(([service, all]) => [service, all.map(({ url }) => url)]));
  const gateways = gatewayNames(shape.gateways).map((name) => ({ name, url: address(), adminUrl: address() }));
  const gatewayUrls = gateways.map(({ url }) => url);
  const port = shape.port === 0 ? ports.shift() : shape.port;
  const publicUrl = `http://${isLoopback(shape.host) ? shape.host : '127.0.0.1'}:${port}`;
  const common = commonEnvironment(input, publicUrl, serviceUrls);
  const traces = (name: string) => ({ TRACE_FILE: `${input.traceFolder}/${name}.jsonl` });
  const services = SERVICES_WITH_DATABASE.flatMap((service) =>
    (addresses[service] ?? []).map(({ name, url }) => {
      const env = { ...common, ...traces(name), ...ownEnvironment(service, input), DATABASE_URL: input.databaseUrls[service], PORT: new URL(url).port };
      return planOf(name, service, url, env);
    }),
  );
  const sockets = gateways.map(({ name, url, adminUrl }): ProcessPlan => {
    const env = {
      ...common,
      ...traces(name),
      GATEWAY_NAME: name,
      GATEWAY_WORKERS: String(shape.workers),
      PORT: new URL(url).port,
      ADMIN_PORT: new URL(adminUrl).port,
    };
    return { ...planOf(name, 'gateway', url, env), readyUrl: `${adminUrl}/health/ready`, statusUrl: `${adminUrl}/status` };
  });
  const edge = planOf('edge', 'edge', publicUrl, { ...common, ...traces('edge'), HOST: shape.host, PORT: String(port), GATEWAY_URLS: gatewayUrls.join(',') });
  return { processes: [...services, ...sockets, edge], url: publicUrl, gatewayUrls, serviceUrls };
}

const planOf = (name: string, service: string, url: string, env: Readonly<Record<string, string>>): ProcessPlan => ({
  name,
  main: mainOf(service),
  env,
  url,
  readyUrl: `${url}/health/ready`,
  statusUrl: null,
});

/** What every process is told. */
function commonEnvironment({ shape, engines, keys, base }: PlanInput, publicUrl: string, serviceUrls: ClusterPlan['serviceUrls']): Record<string, string> {
  return {
    ...base,
    LOG_LEVEL: shape.logLevel,
    LOG_FORMAT: 'json',
    HOST: '127.0.0.1',
    INTERNAL_KEY: keys.internalKey,
    DRAIN_MS: String(shape.drainMs),
    GRACE_MS: String(shape.graceMs),
    PUBLIC_URL: publicUrl,
    KAFKA_BROKERS: engines.kafkaBrokers,
    REDIS_URL: engines.redisUrl,
    RABBITMQ_URL: engines.rabbitmqUrl,
    ...prefixes(shape.prefix),
    ...Object.fromEntries(Object.entries(serviceUrls).map(([service, urls]) => [`${service.toUpperCase()}_URL`, urls.join(',')])),
  };
}

function ownEnvironment(service: ServiceWithDatabase, { keys, setupCode, mediaFolder }: PlanInput): Record<string, string> {
  if (service === 'accounts' && setupCode !== null) return { SETUP_CODE: setupCode };
  if (service === 'media') return { MEDIA_DIR: mediaFolder };
  if (service !== 'notifications') return {};
  return { VAPID_PUBLIC_KEY: keys.vapidPublicKey, VAPID_PRIVATE_KEY: keys.vapidPrivateKey, VAPID_SUBJECT: 'mailto:operator@localhost' };
}
