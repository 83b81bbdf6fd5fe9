// Settings of a process: all mistakes at once, nothing for development in production, no value repeated.
import { expect, test } from 'vitest';
import { DEVELOPMENT_INTERNAL_KEY } from './development-values.ts';
import type { ConfigError } from './read-config.ts';
import { BASE_SETTINGS, parseDatabaseUrl, readSettings, type SettingName } from './settings.ts';

const KEY = 'k'.repeat(40);
const names = [...BASE_SETTINGS, 'DATABASE_URL', 'RABBITMQ_URL', 'MESSAGES_URL'] as const satisfies readonly SettingName[];
const good = { DATABASE_URL: 'postgres://rooms:pw@db:5433/parley_rooms', RABBITMQ_URL: 'amqp://mq', MESSAGES_URL: 'http://a:1/, http://b:2' };
const problemsOf = (env: Record<string, string | undefined>): readonly string[] => {
  try {
    readSettings(names, env);
    return [];
  } catch (error) {
    return (error as ConfigError).problems;
  }
};

test('What is given is read as what it means.', () => {
  const settings = readSettings(names, good);
  expect(settings.DATABASE_URL).toEqual({ host: 'db', port: 5433, user: 'rooms', password: 'pw', database: 'parley_rooms' });
  expect(settings.MESSAGES_URL).toEqual(['http://a:1', 'http://b:2']);
  expect(settings).toMatchObject({ HOST: '127.0.0.1', PORT: 0, INTERNAL_KEY: DEVELOPMENT_INTERNAL_KEY });
  expect(parseDatabaseUrl('postgres://u@localhost/db?host=/run/pg')).toEqual({ host: '/run/pg', port: 5432, user: 'u', database: 'db' });
});

test('Every mistake is named at once, and no value is repeated.', () => {
  const problems = problemsOf({
    NODE_ENV: 'production',
    PORT: 'x',
    INTERNAL_KEY: 'short-secret',
    DATABASE_URL: 'mysql://x:secret-one@y',
    RABBITMQ_URL: 'amqp://guest:guest@mq',
  });
  for (const name of ['PORT', 'INTERNAL_KEY', 'DATABASE_URL', 'RABBITMQ_URL', 'MESSAGES_URL'])
    expect(problems.some((problem) => problem.startsWith(name))).toBe(true);
  expect(problems.join()).not.toMatch(/short-secret|secret-one|guest/);
});

test.each([
  ['no internal key', {}],
  ['the internal key of development', { INTERNAL_KEY: DEVELOPMENT_INTERNAL_KEY }],
  ['a password that everybody knows', { INTERNAL_KEY: KEY, DATABASE_URL: 'postgres://rooms:postgres@db/x' }],
  ['a password meant for development', { INTERNAL_KEY: KEY, DATABASE_URL: 'postgres://rooms:parley-development@db/x' }],
])('Production refuses %s; elsewhere it will do.', (_, env) => {
  expect(problemsOf({ ...good, ...env, NODE_ENV: 'production' })).toHaveLength(1);
  expect(problemsOf({ ...good, ...env })).toEqual([]);
});

test('Production refuses to be told where to crash.', () => {
  const withCrash = (env: Record<string, string>): readonly string[] => {
    try {
      readSettings([...names, 'CRASH_AT'], { ...good, INTERNAL_KEY: KEY, CRASH_AT: '/tmp/crash-at', ...env });
      return [];
    } catch (error) {
      return (error as ConfigError).problems;
    }
  };
  expect(withCrash({ NODE_ENV: 'production' })).toEqual([expect.stringContaining('CRASH_AT')]);
  expect(withCrash({})).toEqual([]);
});

test('Production starts with secrets of its own.', () => {
  expect(problemsOf({ ...good, NODE_ENV: 'production', INTERNAL_KEY: KEY })).toEqual([]);
});
