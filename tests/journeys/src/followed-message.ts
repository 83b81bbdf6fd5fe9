// One message that somebody follows, from a page to the sockets of two people and the phone of a third who is away: the same story for every
// way to run Parley. Its words are a canary: they, names and tokens must be in no trace.
import { createECDH, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Hop, readTraces, type Story, storiesOf } from '@parley/cli';
import { createParley, encodeSpans, type Parley, type SentSpan } from '@parley/sdk';

export interface FollowedWorld {
  readonly url: string;
  /** Where the traces are written. */
  readonly traces: string;
  /** Two of them: sender and reader are on different ones. */
  readonly gatewayUrls?: readonly string[];
}

export interface Followed {
  readonly story: Story;
  readonly room: string;
  readonly seq: number;
  readonly clientId: string;
  readonly users: { readonly ada: string; readonly ben: string; readonly cas: string };
  /** What no trace may hold. */
  readonly secrets: readonly string[];
}

/** Everything that one message to somebody who is away comes by. */
export const WHOLE_PATH = [
  'client.send',
  'gateway.accept',
  'log.append',
  'messages.decide',
  'messages.commit',
  'feed.publish',
  'gateway.write',
  'log.relay',
  'notifications.decide',
  'notifications.tell',
  'notifications.push',
];
const PATIENCE_MS = 60_000;

/** A push service that takes everything. */
async function phone() {
  const server = createServer((request, response) => void request.resume().on('end', () => response.writeHead(201).end()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/phone`;
  return {
    subscription: { endpoint, keys: { p256dh: ecdh.getPublicKey('base64url'), auth: randomBytes(16).toString('base64url') } },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const at = (gatewayUrl: string | undefined): { fetch?: typeof fetch } =>
  gatewayUrl === undefined
    ? {}
    : { fetch: async (input, init) => (new URL(String(input)).pathname === '/api/connect' ? Response.json({ url: gatewayUrl }) : fetch(input, init)) };

/** Sends it and waits until every hop is written. Throws with what is missing after a minute. */
export async function followMessage({ url, traces, gatewayUrls = [] }: FollowedWorld): Promise<Followed> {
  const word = randomBytes(6).toString('hex');
  const [text, password] = [`canary ${word}`, `canary password ${word}`];
  const seen: SentSpan[] = [];
  const ada = createParley({ url, onTrace: (span) => seen.push(span), ...at(gatewayUrls[0]) });
  const [ben, cas] = [createParley({ url, ...at(gatewayUrls[1]) }), createParley({ url })];
  const pushes = await phone();
  try {
    const [a, b, c] = await Promise.all([ada, ben, cas].map((one, index) => one.register({ handle: `p${index}${word}`, name: `Canary ${word}`, password })));
    if (a === undefined || b === undefined || c === undefined) throw new Error('nobody registered');
    await cas.notifications.subscribe(pushes.subscription, `canary phone ${word}`);
    await Promise.all([ada.connect(), ben.connect()]);
    const { room } = await ada.createRoom({ kind: 'group', name: `canary room ${word}`, members: [b.user.id, c.user.id] });
    await Promise.all([ada.room(room).open(), until(() => ben.state.rooms.get(room)?.sync === 'live')]);
    const { seq = 0, clientId } = await ada.room(room).send(`${text} @p2${word}`, { trace: true });
    await until(() => seen.length > 0);
    await ada.call('POST', '/api/telemetry/traces', encodeSpans(seen));
    const story = await wholeStory(traces, { room, seq }, gatewayUrls.length > 0 ? 2 : 1);
    const secrets = ['canary', word, a.accessToken, a.refreshToken, pushes.subscription.endpoint, pushes.subscription.keys.auth];
    return { story, room, seq, clientId, users: { ada: a.user.id, ben: b.user.id, cas: c.user.id }, secrets };
  } finally {
    await Promise.all([ada, ben, cas].map((one: Parley) => one.close()));
    await pushes.stop();
  }
}

async function wholeStory(folder: string, wanted: { room: string; seq: number }, writes: number): Promise<Story> {
  let hops: readonly Hop[] = [];
  const missing = (): string[] => [
    ...WHOLE_PATH.filter((name) => !hops.some((hop) => hop.name === name)),
    ...(hops.filter((hop) => hop.name === 'gateway.write' && (hop.said.sockets as number) > 0).length < writes ? [`${writes} gateway.write with sockets`] : []),
  ];
  await until(
    async () => {
      hops = await readTraces([folder], wanted);
      return missing().length === 0;
    },
    () => `the trace lacks ${missing().join(', ')}`,
  );
  return storiesOf(hops)[0] as Story;
}

async function until(test: () => boolean | Promise<boolean>, what: () => string = () => 'it did not come to pass'): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await test())) {
    if (performance.now() > deadline) throw new Error(what());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
