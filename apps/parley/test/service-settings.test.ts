// What the processes of a cluster refuse to start with: everything that is wrong, all at once, and never a secret repeated.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { configFromEnv as accounts } from '@parley/accounts/config';
import { configFromEnv as edge } from '@parley/edge/config';
import { configFromEnv as gateway } from '@parley/gateway/config';
import { configFromEnv as media } from '@parley/media/config';
import { configFromEnv as messages } from '@parley/messages/config';
import { configFromEnv as notifications } from '@parley/notifications/config';
import { configFromEnv as rooms } from '@parley/rooms/config';
import { ConfigError } from '@parley/runtime';
import { expect, test } from 'vitest';

const URLS = Object.fromEntries(['ACCOUNTS', 'ROOMS', 'MESSAGES', 'NOTIFICATIONS', 'MEDIA'].map((name) => [`${name}_URL`, 'http://10.0.0.1:8080']));
const GOOD = {
  ...URLS,
  NODE_ENV: 'production',
  HOST: '0.0.0.0',
  INTERNAL_KEY: 'k3yNobodyCanGuess-k3yNobodyCanGuess-1',
  DATABASE_URL: 'postgres://parley_rooms:a-long-one@db:5432/parley_rooms',
  KAFKA_BROKERS: 'kafka:9092',
  REDIS_URL: 'redis://redis:6379',
  RABBITMQ_URL: 'amqp://parley:a-long-one@rabbitmq:5672',
  GATEWAY_URLS: 'https://g1.example,https://g2.example',
  PUBLIC_URL: 'https://chat.example',
  SETUP_CODE: 'first-come',
  MEDIA_DIR: '/data',
  VAPID_SUBJECT: 'mailto:ops@example.org',
};
const all = { accounts, edge, gateway, media, messages, notifications, rooms };

function problemsOf(read: (env: Record<string, string>) => unknown, change: Record<string, string>): readonly string[] {
  try {
    read({ ...GOOD, ...change });
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems;
  }
}

test.each(Object.entries(all))('%s starts with what it needs, and names all that is missing, the rules of production included', (_, read) => {
  expect(problemsOf(read, {})).toEqual([]);
  const bad = problemsOf(read, { PORT: 'many', LOG_LEVEL: 'loud', INTERNAL_KEY: 'development-only-internal-key-of-parley', ACCOUNTS_URL: '' });
  expect(bad.map((problem) => /^\w+/.exec(problem)?.[0]).sort()).toEqual(['ACCOUNTS_URL', 'INTERNAL_KEY', 'LOG_LEVEL', 'PORT']);
  expect(problemsOf(read, { INTERNAL_KEY: '' }).join()).toContain('INTERNAL_KEY is not set');
  expect(problemsOf(read, { INTERNAL_KEY: 'development-only-internal-key-of-parley', NODE_ENV: 'development' })).toEqual([]);
});

test('a gateway refuses a grace that would cut its drain short', () => {
  expect(problemsOf(gateway, { DRAIN_MS: '20000', GRACE_MS: '29999' })).toEqual([expect.stringContaining('at least DRAIN_MS')]);
  expect(problemsOf(gateway, { DRAIN_MS: '20000', GRACE_MS: '30000' })).toEqual([]);
  expect(problemsOf(gateway, { DRAIN_MS: '16000' })).toEqual([expect.stringContaining('26000')]);
});

test('accounts needs a code for the first account wherever strangers can come', () => {
  const open = { SETUP_CODE: '', HOST: '127.0.0.1', PUBLIC_URL: '' };
  expect(problemsOf(accounts, open)).toEqual([]);
  expect(problemsOf(accounts, { ...open, PUBLIC_URL: 'http://127.0.0.1:8080' })).toEqual([]);
  for (const wide of [{ HOST: '0.0.0.0' }, { PUBLIC_URL: 'https://chat.example' }])
    expect(problemsOf(accounts, { ...open, ...wide })).toEqual([expect.stringContaining('SETUP_CODE is not set')]);
});

test('media needs a place for files, notifications whole pairs', () => {
  expect(problemsOf(media, { MEDIA_DIR: '' })).toEqual([expect.stringContaining('MEDIA_DIR')]);
  expect(problemsOf(media, { MEDIA_DIR: '', S3_BUCKET: 'files' })).toHaveLength(2);
  expect(problemsOf(notifications, { VAPID_PUBLIC_KEY: 'x', SMTP_URL: 'smtp://mail' })).toHaveLength(2);
});

test('a process ends before it listens, and says every mistake without the secrets', async () => {
  const main = fileURLToPath(import.meta.resolve('@parley/gateway/main'));
  const secret = 'redis-password-that-nobody-may-see';
  const env = { PATH: process.env.PATH, DRAIN_MS: '20000', GRACE_MS: '1000', PORT: 'x', REDIS_URL: `http://:${secret}@redis` };
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  expect(await new Promise((resolve) => child.once('close', resolve))).not.toBe(0);
  for (const name of ['GRACE_MS', 'PORT', 'REDIS_URL', 'KAFKA_BROKERS', 'ACCOUNTS_URL', 'MESSAGES_URL']) expect(said).toContain(name);
  expect(said).not.toContain(secret);
});
