// docker-compose.yml as the library of `docker compose` understands it, and each service's settings as the service itself
// reads them. Nothing is started: there is no Docker here.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import * as accounts from '@parley/accounts/config';
import * as edge from '@parley/edge/config';
import * as gateway from '@parley/gateway/config';
import * as media from '@parley/media/config';
import * as messages from '@parley/messages/config';
import * as notifications from '@parley/notifications/config';
import * as rooms from '@parley/rooms/config';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { absentWords, ROOT, runTool } from '../tool.ts';

const CONFIGS = { accounts, rooms, messages, notifications, media, gateway, edge } as const;
type Role = keyof typeof CONFIGS;

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly disable?: boolean };
  readonly profiles?: readonly string[];
  readonly ports?: readonly { readonly published: string; readonly host_ip: string }[];
  readonly volumes?: readonly { readonly type: string; readonly source: string; readonly read_only?: boolean }[];
  readonly read_only?: boolean;
  readonly stop_grace_period?: string;
}
type Services = Readonly<Record<string, Service>>;

async function load(env: Readonly<Record<string, string>> = {}): Promise<Services> {
  const text = await runTool('compose-check', ['docker-compose.yml'], env);
  return (JSON.parse(text) as { services: Services }).services;
}

const absent = absentWords('compose-check');
describe.skipIf(absent !== '')(`docker-compose.yml${absent}`, () => {
  let services: Services;
  let folder: string;
  beforeAll(async () => {
    services = await load();
    folder = mkdtempSync(join(tmpdir(), 'parley-secrets-'));
    const make = join(ROOT, 'infra/image/make-secrets.ts');
    for (let times = 0; times < 2; times++) execFileSync(process.execPath, [make, `${folder}/engines`, `${folder}/services`, `${folder}/metrics`]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const secretsOf = (name: string): Record<string, string | undefined> => {
    const path = join(folder, 'services', `${name}.env`);
    return existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {};
  };
  const roleOf = (service: Service): Role | undefined => ((service.command?.[0] ?? '') in CONFIGS ? (service.command?.[0] as Role) : undefined);
  const ofParley = (): [string, Service, Role][] =>
    Object.entries(services).flatMap(([name, service]) => {
      const role = roleOf(service);
      return role === undefined ? [] : [[name, service, role]];
    });

  it('runs each service at least once, and two gateways and two of messages', () => {
    const counts = Object.groupBy(ofParley(), ([, , role]) => role);
    expect(Object.keys(counts).sort()).toEqual(Object.keys(CONFIGS).sort());
    expect([counts.gateway?.length, counts.messages?.length]).toEqual([2, 2]);
  });

  it('gives each service settings with which it starts in production, without any .env', () => {
    for (const [, service, role] of ofParley()) {
      const image = { HOST: '0.0.0.0', PORT: '8080', ADMIN_HOST: '0.0.0.0', ADMIN_PORT: '8081', MEDIA_DIR: '/data/media' };
      const migrated = { DATABASE_URL: `postgres://parley_${role}:n0tguessed@postgres:5432/parley_${role}` };
      const env: Record<string, string | undefined> = { ...migrated, ...secretsOf('common'), ...secretsOf(role), ...image, ...service.environment };
      expect(env.NODE_ENV).toBe('production');
      expect(CONFIGS[role].configFromEnv(env)).toMatchObject({ PORT: 8080 });
    }
  });

  it('leaves out secrets: without those that were made, no service starts', () => {
    for (const [name, { environment = {} }] of Object.entries(services))
      for (const [key, value] of Object.entries(environment))
        if (/PASSWORD$|_SECRET$|_KEY$|TOKEN$/.test(key)) expect([name, key, value]).toEqual([name, key, '']);
    for (const [, service, role] of ofParley()) expect(() => CONFIGS[role].configFromEnv(service.environment)).toThrow(/INTERNAL_KEY is not set/);
  });

  it('gives to each service its own secrets only, the same ones at the second start', () => {
    expect(Object.keys(secretsOf('rooms'))).toEqual([]);
    expect(Object.keys(secretsOf('media'))).toEqual(['RABBITMQ_URL']);
    expect(Object.keys(secretsOf('gateway'))).toEqual(['REDIS_URL']);
    const engines = readFileSync(join(folder, 'engines/rabbitmq.conf'), 'utf8');
    expect(engines).toContain(new URL(secretsOf('media').RABBITMQ_URL ?? '').password);
    const admin = Object.entries(services).filter(([, { volumes = [] }]) => volumes.some(({ source }) => source === 'engine-secrets'));
    expect(admin.map(([name]) => name).sort()).toEqual(['migrate', 'postgres', 'rabbitmq', 'secrets', 'valkey']);
  });

  it('waits for what must be there: databases and topics before services, health of engines before both', () => {
    for (const [, service] of ofParley()) expect(service.depends_on?.migrate?.condition).toBe('service_completed_successfully');
    expect(services.migrate?.depends_on).toMatchObject({ postgres: { condition: 'service_healthy' }, kafka: { condition: 'service_healthy' } });
    for (const service of Object.values(services))
      for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
        const target = services[name] as Service;
        if (condition === 'service_healthy') expect(target.healthcheck?.disable).not.toBe(true);
        expect(target.profiles ?? []).toEqual([]);
      }
  });

  it('gives a gateway more time to stop than it asks for', () => {
    for (const [name, service] of Object.entries(services).filter(([name]) => name.startsWith('gateway')))
      expect([name, Number.parseInt(service.stop_grace_period ?? '0', 10) * 1000]).toEqual([
        name,
        expect.toSatisfy((ms) => ms > Number(service.environment?.GRACE_MS)),
      ]);
  });

  it('runs Parley read-only, publishes to this machine only, keeps data in named volumes, and takes images of exact versions', () => {
    for (const [, service] of ofParley()) expect(service.read_only).toBe(true);
    const ports = Object.values(services).flatMap((service) => service.ports ?? []);
    expect(ports.map(({ host_ip }) => host_ip)).toEqual(ports.map(() => '127.0.0.1'));
    expect(new Set(ports.map(({ published }) => published)).size).toBe(ports.length);
    for (const [name, { image, volumes = [] }] of Object.entries(services)) {
      if (!image.startsWith('parley:')) expect(image).toMatch(/:v?\d+\.\d+/);
      for (const { type, source, read_only } of volumes) {
        if (type !== 'volume')
          expect([name, source, existsSync(source) || source.startsWith(join(ROOT, 'infra/observability')), read_only]).toEqual([name, source, true, true]);
      }
    }
  });

  it('has what is not needed to chat in profiles', () => {
    const profiles = Object.entries(services).flatMap(([name, { profiles = [] }]) => profiles.map((profile) => `${profile} ${name}`));
    expect(profiles.sort()).toEqual(['load k6', 'obs otel', 'tools kafka-ui', 'tools mailpit']);
  });

  it('lets the environment say every port, and where people come from', async () => {
    const names = [...readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8').matchAll(/\$\{(\w+_PORT):-/g)].map((match) => match[1] ?? '');
    const given = Object.fromEntries([...new Set(names)].map((name, index) => [name, String(40_000 + index)]));
    const moved = await load({ ...given, PARLEY_BIND: '0.0.0.0' });
    const published = Object.values(moved).flatMap((service) => (service.ports ?? []).map((port) => port.published));
    expect(published.sort()).toEqual(Object.values(given).sort());
    expect(moved.edge?.environment?.PUBLIC_URL).toBe(`http://localhost:${given.PARLEY_PORT}`);
    expect(moved.edge?.environment?.GATEWAY_URLS).toContain(`:${given.PARLEY_GATEWAY_2_PORT}`);
  });

  it('scrapes every process of Parley', () => {
    const { scrape_configs: jobs } = parse(readFileSync(join(ROOT, 'infra/compose/prometheus.yaml'), 'utf8')) as {
      scrape_configs: { static_configs: { targets: string[] }[] }[];
    };
    const targets = jobs.flatMap((job) => job.static_configs.flatMap((one) => one.targets));
    expect(targets.sort()).toEqual(
      ofParley()
        .map(([name, , role]) => `${name}:${role === 'gateway' ? 8081 : 8080}`)
        .sort(),
    );
  });
});
