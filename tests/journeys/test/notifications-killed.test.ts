// A server that is killed with -9 again and again while people are mentioned: each is shown once on the device of who is away, none is missed.
// The push service is one of ours; what it is sent is opened by the browser's part alone, so here the topic stands for the message.
import { createECDH, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createParley } from '@parley/sdk';
import { afterAll, expect, test } from 'vitest';
import { type Program, program } from '../src/program.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
}, 60_000);

const MESSAGES = 12;

async function pushService() {
  const topics: string[] = [];
  let onPush = (): void => {};
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      topics.push(String(request.headers.topic));
      response.writeHead(201).end();
      onPush();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  return {
    topics,
    subscription: {
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/bobs-phone`,
      keys: { p256dh: ecdh.getPublicKey('base64url'), auth: randomBytes(16).toString('base64url') },
    },
    /** Calls back as soon as this many pushes have come, and before their sender knows it. */
    at: (count: number, then: () => void) => {
      onPush = () => {
        if (topics.length >= count) then();
      };
    },
  };
}

test('mentions that wait while the server is killed five times are each shown once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-killed-'));
  cleanUps.push(() => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 }));
  const pushes = await pushService();
  const start = async (port: string): Promise<{ running: Program; url: string }> => {
    const running = program(['start', '--json'], { PORT: port, HOST: '127.0.0.1', PARLEY_DATA: join(folder, 'data'), WEBHOOK_ALLOW_PRIVATE: '1' });
    cleanUps.push(async () => {
      running.child.kill('SIGKILL');
      await running.ended;
    });
    return { running, url: (await running.prints(/"url":"([^"]+)"/))[1] ?? '' };
  };
  let { running, url } = await start('0');
  const port = new URL(url).port;
  const kill = async (): Promise<void> => {
    running.child.kill('SIGKILL');
    await running.ended;
  };

  const [ada, bob] = [createParley({ url }), createParley({ url })];
  cleanUps.push(() => Promise.all([ada.close(), bob.close()]));
  await ada.register({ handle: 'ada', password: 'correct horse battery' });
  const { user } = await bob.register({ handle: 'bob', password: 'correct horse battery' });
  await bob.notifications.subscribe(pushes.subscription, 'phone');
  await ada.connect();
  const { room } = await ada.createRoom({ kind: 'group', name: 'Garden', members: [user.id] });
  await ada.room(room).open();

  // Bob was never connected: he is away. Killed at once after the commit, in the delay before the push, and between a push and its answer.
  let killed: Promise<unknown> = Promise.resolve();
  for (let round = 0; round < 5; round++) {
    const batch = Array.from({ length: round === 0 ? MESSAGES - 8 : 2 }, (_, at) => ada.room(room).send(`@bob ${round}.${at}`));
    await Promise.all(batch);
    if (round % 2 === 0) killed = kill();
    else
      killed = new Promise<void>((resolve) => {
        pushes.at(pushes.topics.length + 1, () => {
          pushes.at(Number.POSITIVE_INFINITY, () => {});
          void kill().then(resolve);
        });
      });
    await killed;
    ({ running, url } = await start(port));
    await ada.connect();
  }
  // Shown is what has a topic of its own: a push service and a browser keep one of each. None more than the messages, none less.
  await expect.poll(() => new Set(pushes.topics).size, { timeout: 60_000, interval: 100 }).toBe(MESSAGES);
}, 180_000);
