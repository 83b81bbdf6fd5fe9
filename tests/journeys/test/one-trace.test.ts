// One message that is followed through the one process: every hop from the page to the phone, and nothing in it that anybody said.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Followed, followMessage, WHOLE_PATH } from '../src/followed-message.ts';
import { documentedMetrics, namingLines, servedMetrics } from '../src/metrics-pages.ts';
import { type Program, program } from '../src/program.ts';

let data: string;
let server: Program;
let url: string;
let followed: Followed;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'parley-trace-'));
  server = program(['start', '--json'], { PORT: '0', HOST: '127.0.0.1', PARLEY_DATA: data, WEBHOOK_ALLOW_PRIVATE: '1' });
  url = (await server.prints(/"url":"([^"]+)"/))[1] ?? '';
  followed = await followMessage({ url, traces: join(data, 'traces') });
}, 120_000);
afterAll(async () => {
  server.child.kill('SIGTERM');
  await server.ended;
  await rm(data, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
}, 60_000);

test('every hop is there, each within the one before it in the path, and it says to whom it was written', () => {
  const { story, room, seq, clientId, users } = followed;
  expect(story).toMatchObject({ room, seq, clientId, outcome: 'committed', missing: [] });
  expect(new Set(story.hops.map((hop) => hop.name))).toEqual(new Set(WHOLE_PATH));
  const hop = (name: string) => story.hops.find((one) => one.name === name);
  for (const [parent, child] of [
    ['client.send', 'gateway.accept'],
    ['gateway.accept', 'log.append'],
    ['log.append', 'messages.decide'],
    ['messages.decide', 'messages.commit'],
    ['messages.commit', 'feed.publish'],
    ['feed.publish', 'gateway.write'],
    ['messages.commit', 'log.relay'],
    ['log.relay', 'notifications.decide'],
    ['notifications.decide', 'notifications.tell'],
    ['notifications.tell', 'notifications.push'],
  ] as const) {
    expect(hop(child)?.parent, `${child} after ${parent}`).toBe(hop(parent)?.span);
    if (parent !== 'client.send') expect(hop(child)?.startMs).toBeGreaterThanOrEqual((hop(parent)?.startMs ?? 0) - 1);
  }
  expect(hop('gateway.write')?.said).toMatchObject({ sockets: 2 });
  expect(new Set(hop('gateway.write')?.said.users as string[])).toEqual(new Set([users.ada, users.ben]));
  expect(hop('notifications.push')?.said).toMatchObject({ user: users.cas, outcome: 'sent' });
});

test('no trace holds words, names, passwords, tokens or addresses', async () => {
  const lines = await readFile(join(data, 'traces', 'parley.jsonl'), 'utf8');
  expect(lines).toContain(followed.clientId);
  for (const secret of followed.secrets) expect(lines).not.toContain(secret);
});

test('`parley trace` shows it by its place, by its client id and by its trace, and says when there is none', async () => {
  const { room, seq, clientId, story } = followed;
  for (const what of [`${room}/${seq}`, clientId, story.trace]) {
    const asked = program(['trace', what, '--folder', data], {});
    expect(await asked.ended, asked.stdout()).toBe(0);
    expect(asked.stdout()).toContain('Every hop is there.');
    for (const name of WHOLE_PATH) expect(asked.stdout()).toContain(name);
  }
  const asJson = program(['trace', clientId, '--folder', data, '--json'], {});
  expect(await asJson.ended).toBe(0);
  expect(JSON.parse(asJson.stdout())).toMatchObject({ traces: [{ trace: story.trace, missing: [] }] });
  const none = program(['trace', `${room}/${seq + 1}`, '--folder', data], {});
  expect(await none.ended).toBe(1);
  expect(none.stdout()).toContain('Nothing is known of');
  const nonsense = program(['trace', 'hello', '--folder', data], {});
  expect(await nonsense.ended).toBe(1);
}, 120_000);

test('what it counts is documented, and names nobody', async () => {
  const page = await (await fetch(`${url}/metrics`)).text();
  const documented = documentedMetrics();
  const served = servedMetrics([page]);
  expect([...served].filter(([name, kind]) => documented.get(name) !== kind)).toEqual([]);
  expect(served.size).toBeGreaterThan(25);
  expect(namingLines([page], followed.secrets)).toEqual([]);
  // What has happened was counted.
  for (const line of [
    /^parley_gateway_ack_seconds_count\{outcome="ok"\} [1-9]/m,
    /^parley_gateway_deliveries_total [1-9]/m,
    /^parley_messages_commit_seconds_count\{outcome="written"\} [1-9]/m,
    /^parley_log_append_seconds_count\{topic="room.command",outcome="durable"\} [1-9]/m,
    /^parley_log_consumer_lag\{topic="room.event",group="notifications",partition="0"\} \d/m,
    /^parley_feed_publish_seconds_count\{outcome="taken"\} [1-9]/m,
    /^parley_job_seconds_count\{queue="push.send",outcome="done"\} 1/m,
    /^parley_outbox_waiting\{service="notifications"\} \d/m,
    /^parley_jobs_parked\{queue="push.send"\} 0/m,
  ])
    expect(page).toMatch(line);
});

test('`parley rooms --cost` names the room that was written to, by its id, and nothing that was said there', async () => {
  const ask = async () => {
    const asked = program(['rooms', '--cost', '--url', url, '--json'], {});
    expect(await asked.ended, asked.stdout()).toBe(0);
    return JSON.parse(asked.stdout()) as { rooms: { room: string; cpuShare: number; bytesPerSecond: number }[] };
  };
  await expect.poll(async () => (await ask()).rooms.map(({ room }) => room), { timeout: 20_000, interval: 1_000 }).toContain(followed.room);
  const dear = (await ask()).rooms.find(({ room }) => room === followed.room);
  expect(dear?.cpuShare).toBeGreaterThan(0);
  expect(dear?.bytesPerSecond).toBeGreaterThan(0);
  const inWords = program(['rooms', '--cost', '--url', url], {});
  expect(await inWords.ended).toBe(0);
  expect(inWords.stdout()).toContain(followed.room);
  for (const secret of followed.secrets) expect(inWords.stdout()).not.toContain(secret);
}, 60_000);

test('a client can only tell of messages: what is none is refused, and so is who tells too much', async () => {
  const tell = (body: unknown, token?: string) =>
    fetch(`${url}/api/telemetry/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    });
  const span = (over: object = {}) => ({
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: [
              {
                traceId: '0af7651916cd43dd8448eb211c80319c',
                spanId: 'b7ad6b7169203331',
                name: 'client.send',
                startTimeUnixNano: '1790000000000000000',
                endTimeUnixNano: '1790000000001000000',
                attributes: [],
                ...over,
              },
            ],
          },
        ],
      },
    ],
  });
  expect((await tell(span())).status).toBe(401);
  const registered = await fetch(`${url}/api/accounts/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ handle: 'teller', password: 'correct horse battery' }),
  });
  const { accessToken } = (await registered.json()) as { accessToken: string };
  expect((await tell(span(), accessToken)).status).toBe(204);
  for (const bad of [
    { name: 'drop table' },
    { traceId: '0'.repeat(32) },
    { spanId: 'x' },
    { startTimeUnixNano: 'now' },
    { attributes: [{ key: 'parley.text', value: { stringValue: 'secret' } }] },
    { status: { code: 2, message: 'my own words' } },
  ])
    expect((await tell(span(bad), accessToken)).status, JSON.stringify(bad)).toBe(400);
  const answers = await Promise.all(Array.from({ length: 40 }, () => tell(span(), accessToken).then((answer) => answer.status)));
  expect(answers).toContain(429);
});
