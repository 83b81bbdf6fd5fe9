// Every role of the image, run from the tree that the Dockerfile makes, as an ordinary user who may not write there, on real engines, as production.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { missing } from '@parley/engines';
import { ownPostgres, testKafka, testRabbitmq, testRedis } from '@parley/engines/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildImage, type Container, freePort, type Image, USER } from './container.ts';

const SERVICES = ['accounts', 'rooms', 'messages', 'notifications', 'media', 'gateway', 'edge'] as const;
const absent = (['redis', 'kafka', 'rabbitmq', 'postgres'] as const).flatMap((name) => missing(name) ?? []).join(', ');
const describeCluster = describe.skipIf(absent !== '');
const reason = absent === '' ? '' : ` (left out: ${absent})`;

/** Seven processes start at once, on whatever machine. */
const START_MS = 240_000;

let image: Image;
beforeAll(async () => {
  image = await buildImage();
}, START_MS);
afterAll(() => image?.remove());

const role = (...command: string[]): string[] => [join(image.tree, 'image/parley-role'), ...command];
const uidOf = (pid: number): number => Number(/^Uid:\s+\d+\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

describe('the image', () => {
  it('holds no tests, no other Node and nothing that anybody may write to', () => {
    const find = (...args: string[]): string => execFileSync('find', [image.tree, ...args], { encoding: 'utf8' });
    expect(find('-name', '*.test.ts', '-not', '-path', '*/node_modules/*')).toBe('');
    expect(find('-path', '*/bin/node')).toBe('');
    expect(find('!', '-type', 'l', '-perm', '/222')).toBe('');
    for (const name of ['vitest', 'react', 'typescript']) expect(existsSync(join(image.tree, 'node_modules', name))).toBe(false);
  });

  it(
    'runs everything in one process, and is healthy, and ends at SIGTERM',
    async () => {
      const port = String(await freePort());
      const env = { NODE_ENV: 'production', HOST: '127.0.0.1', PORT: port, ADMIN_PORT: '1', PARLEY_DATA: image.folder('data') };
      const parley = image.start(role('start'), env);
      await parley.healthy();
      if (process.getuid?.() === 0) expect(uidOf(parley.pid)).toBe(USER);
      expect((await fetch(`http://127.0.0.1:${port}/`)).headers.get('content-type')).toContain('text/html');
      expect(await parley.stop()).toBe(0);
    },
    START_MS,
  );

  it('says which settings are wrong, and does not start', async () => {
    const gateway = image.start(role('gateway'), { NODE_ENV: 'production', PORT: '0', ADMIN_PORT: '0' });
    expect(await gateway.ended).not.toBe(0);
    for (const name of ['INTERNAL_KEY', 'KAFKA_BROKERS', 'REDIS_URL', 'MESSAGES_URL']) expect(gateway.output()).toContain(name);
  });
});

describeCluster(`the roles of a cluster${reason}`, () => {
  it(
    'are made ready by `secrets` and `migrate`, get healthy one by one, serve the page, and end at SIGTERM',
    async () => {
      const postgres = await ownPostgres();
      const prefix = `image${process.pid}`;
      const folders = { engines: image.folder('engine-secrets'), services: image.folder('secrets'), metrics: image.folder('metrics') };
      const engines = {
        KAFKA_BROKERS: (await testKafka()).brokers,
        REDIS_URL: (await testRedis()).url,
        RABBITMQ_URL: (await testRabbitmq()).url,
      };
      const secrets = image.start(role('secrets', folders.engines, folders.services, folders.metrics), {});
      expect([await secrets.ended, secrets.output()]).toEqual([0, expect.stringMatching(/code: \S{12}/)]);
      const migrate = image.start(role('migrate', '--write-env', folders.services), { DATABASE_ADMIN_URL: postgres.url, KAFKA_BROKERS: engines.KAFKA_BROKERS });
      expect([await migrate.ended, migrate.output()]).toEqual([0, expect.stringContaining('accounts.env')]);
      expect(statSync(join(folders.services, 'accounts.env')).mode & 0o077).toBe(0);

      const ports = Object.fromEntries(await Promise.all(SERVICES.map(async (service) => [service, String(await freePort())])));
      const urls = Object.fromEntries(SERVICES.map((service) => [`${service.toUpperCase()}_URL`, `http://127.0.0.1:${ports[service]}`]));
      const env = {
        NODE_ENV: 'production',
        PARLEY_ENV_FOLDER: folders.services,
        HOST: '127.0.0.1',
        ...engines,
        ...urls,
        KAFKA_TOPIC_PREFIX: '',
        REDIS_KEY_PREFIX: `${prefix}:`,
        RABBITMQ_PREFIX: `${prefix}.`,
        GATEWAY_URLS: `http://127.0.0.1:${ports.gateway}`,
        GATEWAY_WORKERS: '1',
        ADMIN_PORT: String(await freePort()),
        DRAIN_MS: '500',
        GRACE_MS: '20000',
        PUBLIC_URL: `http://127.0.0.1:${ports.edge}`,
        VAPID_SUBJECT: 'mailto:operator@example.org',
        MEDIA_DIR: image.folder('media'),
      };
      const started: Container[] = SERVICES.map((service) => image.start(role(service), { ...env, PORT: ports[service] ?? '' }));
      await Promise.all(started.map((container) => container.healthy()));
      if (process.getuid?.() === 0) for (const { pid } of started) expect(uidOf(pid)).toBe(USER);
      const page = await fetch(env.PUBLIC_URL);
      expect(page.headers.get('content-security-policy')).toContain(`ws://127.0.0.1:${ports.gateway}`);
      expect(await (await fetch(`${env.PUBLIC_URL}/api/setup`)).json()).toMatchObject({ owner: false });
      expect(await Promise.all(started.map((container) => container.stop()))).toEqual(SERVICES.map(() => 0));
      await postgres.stop();
    },
    START_MS,
  );
});
