// The whole path over a local cluster on real engines, each record flushed to the disk before it is acknowledged: send to deliver in one room
// of 50 at 200 messages/s with its people on all gateways, and how many events a second are appended, committed and delivered when nobody waits.
// By both Kafka clients in the same run.
import { type Cluster, type EngineUrls, startCluster } from '@parley/cli';
import { missing } from '@parley/engines';
import { ownKafka, ownPostgres, ownRabbitmq, ownRedis, passingFolder } from '@parley/engines/testing';
import type { Tokens } from '@parley/protocol';
import { cpuMs } from '../proc.ts';
import { connectRaw } from '../raw-client.ts';
import type { Row } from '../row.ts';
import { askServer } from '../server.ts';
import { MEMBERS, measurePaced, PER_SECOND, type Sample, type Target } from './paced-room.ts';

const CLIENTS = ['platformatic', 'kafkajs'] as const;
type KafkaClient = (typeof CLIENTS)[number];
/** Rooms of one person each, who sends the next message when an earlier one is seen. */
const FLOOD = { rooms: 40, inFlight: 50, warmMs: 2_000, ms: 8_000 };

interface Measured extends Sample {
  readonly flood: number;
}

/** None where an engine cannot be had. */
export async function benchCluster(repeats: number): Promise<Row[]> {
  const reasons = (['kafka', 'redis', 'rabbitmq', 'postgres'] as const).map(missing).filter((why) => why !== null);
  if (reasons.length > 0) {
    console.log(`cluster: left out, ${reasons.join('; ')}`);
    return [];
  }
  const [kafka, redis, rabbitmq, postgres] = await Promise.all([ownKafka(), ownRedis(), ownRabbitmq(), ownPostgres()]);
  const engines: EngineUrls = { kafkaBrokers: kafka.url, redisUrl: redis.url, rabbitmqUrl: rabbitmq.url, databaseAdminUrl: postgres.url };
  const all = new Map<KafkaClient, Measured[]>(CLIENTS.map((client) => [client, []]));
  try {
    for (let repeat = 0; repeat < repeats; repeat++) for (const client of CLIENTS) all.get(client)?.push(await measureCluster(engines, client, repeat));
  } finally {
    await Promise.all([kafka, redis, rabbitmq, postgres].map((engine) => engine.stop()));
  }
  return CLIENTS.flatMap((client) => rowsOf(client, all.get(client) ?? []));
}

function rowsOf(client: KafkaClient, measured: readonly Measured[]): Row[] {
  const name = `cluster (${client}), room of ${MEMBERS}, ${PER_SECOND}/s`;
  const row = (what: string, unit: string, key: keyof Measured, most?: number): Row => ({
    name: `${name}: ${what}`,
    unit,
    values: measured.map((one) => one[key]),
    ...(most === undefined ? {} : { goal: { op: '<=', value: most } }),
  });
  const promised = client === 'platformatic';
  return [
    row('send to deliver p50', 'ms', 'p50', promised ? 8 : undefined),
    row('send to deliver p99', 'ms', 'p99', promised ? 40 : undefined),
    row('CPU of all services per delivery', 'us', 'cpuUs'),
    row('lost', '', 'lost', 0),
    { name: `cluster (${client}): appended, committed and delivered`, unit: 'events/s', values: measured.map((one) => one.flood) },
  ];
}

async function measureCluster(engines: EngineUrls, client: KafkaClient, repeat: number): Promise<Measured> {
  const cluster = await startCluster({
    folder: passingFolder('parley-bench-cluster-'),
    engines,
    prefix: `b${repeat}${client.slice(0, 1)}`,
    env: { KAFKA_CLIENT: client },
    logLevel: 'error',
  });
  try {
    const key = await cluster.loadKey();
    const sample = await measurePaced((onEvent) => openRoom(cluster, key, onEvent));
    return { ...sample, flood: await flood(cluster, key) };
  } finally {
    await cluster.stop();
  }
}

const register = (cluster: Cluster, key: string, handle: string): Promise<Tokens> =>
  askServer(`${cluster.url}/api/accounts/register`, 'POST', { 'x-parley-load-key': key }, { handle, password: 'bench password' });

const makeRoom = async (cluster: Cluster, token: string, name: string, members: readonly string[]): Promise<string> =>
  (await askServer<{ room: string }>(`${cluster.url}/api/rooms`, 'POST', { authorization: `Bearer ${token}` }, { kind: 'channel', name, members })).room;

const post = (room: string, text: string): object => ({ type: 'message.post', room, clientId: crypto.randomUUID(), body: { text } });

async function openRoom(cluster: Cluster, key: string, onEvent: (frame: string) => void): Promise<Target> {
  const people: Tokens[] = [];
  for (let i = 0; i < MEMBERS; i++) people.push(await register(cluster, key, `bench-${i}`));
  const [owner, ...others] = people;
  if (owner === undefined) throw new Error('nobody');
  const room = await makeRoom(
    cluster,
    owner.accessToken,
    'bench',
    others.map((person) => person.user.id),
  );
  const urls = cluster.gatewayUrls;
  const clients = await Promise.all(people.map((person, i) => connectRaw(urls[i % urls.length] as string, person.accessToken, onEvent)));
  return {
    clients,
    cpuMs: () => cpuOf(cluster),
    send: (client, text) => client.send('send', post(room, text)),
    stop: async () => {
      for (const client of clients) client.close();
    },
  };
}

/** CPU time of every process of the cluster so far; its engines are not among them. */
async function cpuOf(cluster: Cluster): Promise<number> {
  const { processes } = await cluster.status();
  const pids = processes.flatMap(({ pid, workers }) => [pid, ...(workers ?? []).map((worker) => worker.pid)]).filter((pid) => pid !== null);
  return (await Promise.all(pids.map(cpuMs))).reduce((sum, one) => sum + one, 0);
}

/** Events a second that were seen by those who sent them. */
async function flood(cluster: Cluster, key: string): Promise<number> {
  const urls = cluster.gatewayUrls;
  let seen = 0;
  const talkers = await Promise.all(
    Array.from({ length: FLOOD.rooms }, async (_, i) => {
      const person = await register(cluster, key, `flood-${i}`);
      const room = await makeRoom(cluster, person.accessToken, `flood ${i}`, []);
      const say = (): void => client.send('send', post(room, 'x'.repeat(200)));
      const client = await connectRaw(urls[i % urls.length] as string, person.accessToken, (frame) => {
        // One frame may hold several events that were joined.
        for (let at = frame.indexOf('"message.posted"'); at >= 0; at = frame.indexOf('"message.posted"', at + 1)) {
          if (!frame.includes(room)) continue;
          seen++;
          say();
        }
      });
      return { client, say };
    }),
  );
  for (const { say } of talkers) for (let i = 0; i < FLOOD.inFlight; i++) say();
  await new Promise((done) => setTimeout(done, FLOOD.warmMs));
  const before = seen;
  const began = performance.now();
  await new Promise((done) => setTimeout(done, FLOOD.ms));
  const perSecond = ((seen - before) * 1_000) / (performance.now() - began);
  for (const { client } of talkers) client.close();
  return perSecond;
}
