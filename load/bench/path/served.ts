// A Parley of one process for a benchmark of the whole path, with people of the load class and rooms made through the public API.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EmbeddedOptions } from '@parley/cli';
import type { Tokens } from '@parley/protocol';
import { cpuMs, cpuMsBelow } from '../proc.ts';
import { heard } from '../runner/heard.ts';
import { becomeOperator } from '../server.ts';
import type { Ask, Said, Statements } from './serve.ts';

export interface Served {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  people(count: number): Promise<Tokens[]>;
  /** A channel of these people, the first of whom owns it. */
  room(name: string, people: readonly Tokens[]): Promise<string>;
  /** Calls of each statement of messages' database since the last question. */
  statements(): Promise<Statements>;
  delay(): Promise<{ readonly p99: number; readonly max: number }>;
  /** CPU so far, ms: of Parley's process, and of its Postgres. */
  cpu(): Promise<{ readonly node: number; readonly postgres: number }>;
  stop(): Promise<void>;
}

/** Password hashes take both cores. */
const REGISTER_AT_ONCE = 8;
const MEMBERS_AT_ONCE = 100;

export async function startServed(gateway: NonNullable<EmbeddedOptions['gateway']> = {}, nodeArgs: readonly string[] = []): Promise<Served> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-bench-'));
  const child = fork(fileURLToPath(new URL('./serve.ts', import.meta.url)), [dataDir, JSON.stringify(gateway)], {
    execArgv: [...nodeArgs],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ready = await said(child, 'ready');
  const { url } = ready;
  const { register, call } = await becomeOperator(url);
  let count = 0;
  const pid = child.pid ?? 0;
  return {
    url,
    host: new URL(url).hostname,
    port: Number(new URL(url).port),
    pid,
    people: (many) => inTurns(many, REGISTER_AT_ONCE, () => register(`bench-${count++}`)),
    async room(name, people) {
      const [owner, ...others] = people;
      if (owner === undefined) throw new Error('A room needs an owner.');
      const { room } = await call<{ room: string }>(owner.accessToken, 'POST', '/api/rooms', { kind: 'channel', name, visibility: 'public' });
      for (let i = 0; i < others.length; i += MEMBERS_AT_ONCE)
        await call(owner.accessToken, 'POST', `/api/rooms/${room}/members`, { users: others.slice(i, i + MEMBERS_AT_ONCE).map(({ user }) => user.id) });
      return room;
    },
    statements: async () => (await ask(child, 'statements')).calls,
    delay: () => ask(child, 'delay'),
    cpu: async () => ({ node: await cpuMs(pid), postgres: await cpuMsBelow(pid) }),
    async stop() {
      const ended = once(child, 'exit');
      if (child.connected) child.disconnect();
      if (child.exitCode === null) await ended;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const said = <K extends Said['said']>(child: ChildProcess, kind: K) => heard<Said, K>(child, kind, 'The server');

function ask<K extends Ask['ask']>(child: ChildProcess, what: K): ReturnType<typeof said<K>> {
  const answer = said(child, what);
  child.send({ ask: what } as Ask);
  return answer;
}

/** `count` times, so many at once, answers in order. */
export async function inTurns<T>(count: number, atOnce: number, work: (i: number) => Promise<T>): Promise<T[]> {
  const answers = new Array<T>(count);
  let next = 0;
  const run = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) answers[i] = await work(i);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, run));
  return answers;
}
