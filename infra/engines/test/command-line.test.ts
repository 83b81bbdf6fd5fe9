// `npm run engines` as an operator uses it, each step in a shell of its own: nothing but the folder connects them.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { missing } from '@parley/engines';
import { ownRedis } from '@parley/engines/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identify } from '../src/process/process-tree.ts';

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
const lacking = (['kafka', 'redis', 'rabbitmq', 'postgres'] as const).flatMap((name) => missing(name) ?? []);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-engines-'));
});
afterAll(async () => {
  await shell('stop');
  rmSync(folder, { recursive: true, force: true });
});

interface Shell {
  readonly code: number;
  readonly output: string;
}

function shell(words: string, env: Readonly<Record<string, string>> = {}): Promise<Shell> {
  const { KAFKA_BROKERS: _k, REDIS_URL: _r, RABBITMQ_URL: _q, DATABASE_ADMIN_URL: _d, ...rest } = process.env;
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...words.split(' ').filter(Boolean)], { env: { ...rest, PARLEY_ENGINES: folder, ...env } }, (error, stdout, stderr) => {
      const { code = 0 } = (error ?? {}) as { code?: number };
      resolve({ code: error === null ? 0 : code, output: stdout + stderr });
    });
  });
}

interface Told {
  readonly engine: string;
  readonly state: string;
  readonly url: string;
  readonly pid: number | null;
  readonly version: string;
}
const told = async (): Promise<ReadonlyMap<string, Told>> =>
  new Map((JSON.parse((await shell('status --json')).output) as Told[]).map((one) => [one.engine, one]));

const addresses = (): ReadonlyMap<string, string> =>
  new Map(
    readFileSync(join(folder, 'engines.env'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

const ask = async (question: (client: Redis) => Promise<unknown>): Promise<unknown> => {
  const client = new Redis(addresses().get('REDIS_URL') ?? '');
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
};

describe.skipIf(lacking.length > 0)(`npm run engines${lacking.length > 0 ? ` (left out: ${lacking.join(', ')})` : ''}`, () => {
  it('says before the first start that there is nothing', async () => {
    expect(await shell('status')).toMatchObject({ code: 1, output: expect.stringContaining('npm run engines') });
  });

  it('starts all four, which outlive the command, and writes their addresses for nobody else to read', async () => {
    const { code, output } = await shell('');
    expect(output).toMatch(/^kafka +starting$/m);
    expect(code).toBe(0);
    expect([...addresses().keys()]).toEqual(['KAFKA_BROKERS', 'REDIS_URL', 'RABBITMQ_URL', 'DATABASE_ADMIN_URL', 'KAFKA_PROFILE']);
    expect(addresses().get('KAFKA_PROFILE')).toBe('one');
    expect(statSync(join(folder, 'engines.env')).mode & 0o777).toBe(0o600);
    // The screen never shows a password.
    for (const url of addresses().values()) expect(output.includes(url) && url.includes('@')).toBe(false);
    const all = await told();
    expect([...all.keys()].sort()).toEqual(['kafka', 'postgres', 'rabbitmq', 'redis']);
    for (const one of all.values()) expect(one).toMatchObject({ state: 'running', version: expect.stringMatching(/^\d/) });
  });

  it('does nothing the second time but say so', async () => {
    const before = await told();
    const { code, output } = await shell('');
    expect(code).toBe(0);
    expect(output.match(/already running/g)).toHaveLength(4);
    expect(await told()).toEqual(before);
  });

  it('kills one and starts it again on its data and under its address', async () => {
    const url = (await told()).get('redis')?.url;
    await ask((client) => client.set('kept', 'over kill -9'));
    expect((await shell('kill redis')).code).toBe(0);
    const down = await shell('status');
    expect(down).toMatchObject({ code: 1, output: expect.stringMatching(/^redis +stopped/m) });
    expect((await shell('restart redis')).code).toBe(0);
    expect((await told()).get('redis')).toMatchObject({ state: 'running', url });
    expect(await ask((client) => client.get('kept'))).toBe('over kill -9');
  });

  it('pauses one and lets it go on', async () => {
    await shell('pause redis');
    expect((await told()).get('redis')?.state).toBe('paused');
    await shell('resume redis');
    expect((await told()).get('redis')?.state).toBe('running');
  });

  it('refuses what it does not know, and data of another shape', async () => {
    expect((await shell('kill')).code).toBe(2);
    expect((await shell('kill mysql')).code).toBe(1);
    expect(await shell('--kafka-brokers 3')).toMatchObject({ code: 1, output: expect.stringContaining('PARLEY_ENGINES=') });
  });

  it('uses what answers at a URL, and leaves it alone', async () => {
    const theirs = await ownRedis();
    const other = mkdtempSync(join(tmpdir(), 'parley-engines-'));
    const env = {
      PARLEY_ENGINES: other,
      REDIS_URL: theirs.url,
      KAFKA_BROKERS: addresses().get('KAFKA_BROKERS') ?? '',
      RABBITMQ_URL: addresses().get('RABBITMQ_URL') ?? '',
      DATABASE_ADMIN_URL: addresses().get('DATABASE_ADMIN_URL') ?? '',
    };
    try {
      const { code, output } = await shell('', env);
      expect(code).toBe(0);
      expect(output.match(/using the one at/g)).toHaveLength(4);
      expect(readFileSync(join(other, 'engines.env'), 'utf8')).toContain(`REDIS_URL=${theirs.url}\n`);
      await shell('stop', env);
      expect(theirs.pid).toBeGreaterThan(0);
      expect((await told()).get('kafka')?.state).toBe('running');
    } finally {
      await theirs.stop();
      rmSync(other, { recursive: true, force: true });
    }
  });

  it('stops all of them', async () => {
    const pids = [...(await told()).values()].map((one) => one.pid ?? 0);
    expect((await shell('stop')).code).toBe(0);
    expect(pids.map(identify)).toEqual([null, null, null, null]);
    expect((await shell('status')).code).toBe(1);
  });
});
