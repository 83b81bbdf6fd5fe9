// The gateway as a cluster of real processes: workers die, are replaced and drained, and the sockets go on elsewhere.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { io, type Socket } from 'socket.io-client';
import { afterEach, expect, test } from 'vitest';
import { authOf } from './gate.ts';
import { idOf } from './world.ts';

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly adminUrl: string;
  readonly ended: Promise<number | string>;
}

interface Status {
  readonly serving: boolean;
  readonly crashes: number;
  readonly workers: readonly { slot: number; pid: number; state: string; crashes: number; status: { sockets: number } | null }[];
}

const PRIMARY = fileURLToPath(new URL('./cluster-primary.ts', import.meta.url));
const running: Running[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect();
  for (const one of running.splice(0)) {
    one.child.kill('SIGTERM');
    one.child.kill('SIGTERM');
    await one.ended;
  }
});

async function start(workers: number, graceMs = 10_000): Promise<Running> {
  const child = spawn(process.execPath, [PRIMARY, String(workers), String(graceMs)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | string>((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown')));
  const listening = await new Promise<{ url: string; adminUrl: string }>((resolve, reject) => {
    void ended.then((how) => reject(new Error(`it ended: ${how}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const parsed = JSON.parse(line) as { listening?: { url: string; adminUrl: string } };
      if (parsed.listening) resolve(parsed.listening);
    });
  });
  const one = { child, ended, ...listening };
  running.push(one);
  return one;
}

const status = async (one: Running): Promise<Status> => (await fetch(`${one.adminUrl}/status`)).json() as Promise<Status>;
const pids = async (one: Running): Promise<number[]> => (await status(one)).workers.map(({ pid }) => pid);
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A client that obeys `bye`, sends one message after the other, and repeats what was not answered. */
class Sender {
  readonly byes: number[] = [];
  readonly refused: unknown[] = [];
  readonly gateways: string[] = [];
  accepted = 0;
  private socket: Socket | null = null;
  private stopped = false;
  readonly user: string;
  readonly url: string;

  constructor(url: string, user: string) {
    this.url = url;
    this.user = user;
    this.open();
  }

  async run(): Promise<void> {
    for (let n = 1; !this.stopped; n++) {
      const command = { type: 'message.post', room: idOf(1, 1), clientId: idOf(Number(this.user.slice(-4)) + 100, n), body: { text: `m${n}` } };
      while (!this.stopped && !(await this.try(command)));
    }
  }

  stop(): void {
    this.stopped = true;
    this.socket?.disconnect();
  }

  private async try(command: object): Promise<boolean> {
    const { socket } = this;
    if (socket?.connected !== true) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return false;
    }
    const answer = await new Promise<{ ok: boolean; error?: { code: string } } | null>((resolve) => {
      socket.emit('send', command, resolve);
      socket.once('disconnect', () => resolve(null));
    });
    if (answer === null) return false;
    if (answer.ok) this.accepted += 1;
    else this.refused.push(answer.error);
    // Below what one person may send.
    await new Promise((resolve) => setTimeout(resolve, 120));
    return true;
  }

  private open(): void {
    const socket = io(this.url, { transports: ['websocket'], forceNew: true, reconnection: false, auth: authOf(this.user) });
    this.socket = socket;
    sockets.push(socket);
    socket.on('hello', (hello: { gateway: string }) => this.gateways.push(hello.gateway));
    socket.on('bye', () => this.byes.push(performance.now()));
    const again = (): void => void (this.stopped || setTimeout(() => this.open(), 50));
    socket.once('disconnect', again);
    socket.once('connect_error', again);
  }
}

test('a worker that is killed is counted and comes back, and its sockets go on with the other', async () => {
  const one = await start(2);
  const senders = Array.from({ length: 8 }, (_, index) => new Sender(one.url, idOf(2, index + 1)));
  const runs = senders.map((sender) => sender.run());
  await until('everybody sends', () => senders.every((sender) => sender.accepted > 0));
  const before = await status(one);
  expect(before.workers.map((worker) => worker.status?.sockets ?? 0).reduce((a, b) => a + b)).toBe(8);
  const [first] = before.workers;
  process.kill(first?.pid ?? 0, 'SIGKILL');
  await until('it is counted', async () => (await status(one)).crashes === 1);
  const accepted = senders.map((sender) => sender.accepted);
  await until('everybody goes on', () => senders.every((sender, index) => sender.accepted > (accepted[index] ?? 0) + 3));
  await until('both serve', async () => (await status(one)).workers.filter(({ state }) => state === 'ready').length === 2);
  expect(await pids(one)).not.toContain(first?.pid);
  const metrics = await (await fetch(`${one.adminUrl}/metrics`)).text();
  expect(metrics).toMatch(/^parley_gateway_worker_crashes_total 1$/m);
  expect(metrics).toContain('process_resident_memory_bytes');
  for (const sender of senders) sender.stop();
  await Promise.all(runs);
  expect(senders.flatMap((sender) => sender.refused)).toEqual([]);
});

test('SIGHUP replaces all workers one by one: no send fails, everybody is sent away at another moment', async () => {
  const one = await start(2);
  const senders = Array.from({ length: 12 }, (_, index) => new Sender(one.url, idOf(2, index + 1)));
  const runs = senders.map((sender) => sender.run());
  await until('everybody sends', () => senders.every((sender) => sender.accepted > 0));
  const before = await pids(one);
  one.child.kill('SIGHUP');
  let least = Number.POSITIVE_INFINITY;
  await until('all workers are new', async () => {
    const { workers } = await status(one);
    least = Math.min(least, workers.filter(({ state }) => state === 'ready').length);
    return workers.length === 2 && workers.every(({ pid, state }) => state === 'ready' && !before.includes(pid));
  });
  // A successor serves before anybody goes.
  expect(least).toBeGreaterThanOrEqual(2);
  for (const sender of senders) sender.stop();
  await Promise.all(runs);
  expect(senders.flatMap((sender) => sender.refused)).toEqual([]);
  expect((await status(one)).crashes).toBe(0);
  const byes = senders.flatMap((sender) => sender.byes).sort((a, b) => a - b);
  expect(byes.length).toBeGreaterThanOrEqual(12);
  expect((byes.at(-1) ?? 0) - (byes[0] ?? 0)).toBeGreaterThan(500);
  for (const pid of before) expect(isAlive(pid)).toBe(false);
}, 40_000);

test('SIGTERM says bye to everybody and ends within the grace; a second one ends at once', async () => {
  const one = await start(2);
  const sender = new Sender(one.url, idOf(2, 1));
  void sender.run();
  await until('it sends', () => sender.accepted > 0);
  const workers = await pids(one);
  one.child.kill('SIGTERM');
  await until('it is unready', async () => (await fetch(`${one.adminUrl}/health/ready`).catch(() => null))?.status !== 200);
  expect(await one.ended).toBe(0);
  expect(sender.byes.length).toBe(1);
  expect(sender.refused).toEqual([]);
  sender.stop();
  for (const pid of workers) expect(isAlive(pid)).toBe(false);

  const two = await start(1);
  const [pid = 0] = await pids(two);
  two.child.kill('SIGTERM');
  two.child.kill('SIGTERM');
  // Two signals may reach a process as one.
  const again = setInterval(() => two.child.kill('SIGTERM'), 50);
  expect(await two.ended).toBe(1);
  clearInterval(again);
  await until('its worker is gone', () => !isAlive(pid));
});

test('workers whose primary is killed say bye and end by themselves', async () => {
  const one = await start(2);
  const sender = new Sender(one.url, idOf(2, 1));
  void sender.run();
  await until('it sends', () => sender.accepted > 0);
  const workers = await pids(one);
  one.child.kill('SIGKILL');
  await one.ended;
  await until('the workers are gone', () => workers.every((pid) => !isAlive(pid)));
  expect(sender.byes.length).toBe(1);
  sender.stop();
});
