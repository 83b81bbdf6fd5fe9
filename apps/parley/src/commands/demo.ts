// `parley demo`: a Parley of its own (folder .parley-demo unless PARLEY_DATA says otherwise) with people whose passwords everybody knows.
// Refused in production, and never added to data that has an owner of its own.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ParleyError } from '@parley/protocol';
import { createLogger } from '@parley/runtime';
import { createParley, type Parley } from '@parley/sdk';
import { configFromEnv, isSet } from '../config.ts';
import { startEmbedded } from '../embedded.ts';
import { importOne } from './import-irc.ts';
import { onSignal } from './on-signal.ts';

const PASSWORDS = { alice: 'alice-parley', bob: 'bob-parley', echo: 'echo-parley' } as const;
const HISTORY = fileURLToPath(new URL('../../fixtures/irc/', import.meta.url));

export async function demo(): Promise<void> {
  const config = configFromEnv();
  if (config.NODE_ENV === 'production')
    throw new ParleyError('forbidden', 'The demo has passwords that everybody knows: it does not run with NODE_ENV=production.');
  const parley = await startEmbedded({
    dataDir: resolve(isSet('PARLEY_DATA') ? config.PARLEY_DATA : '.parley-demo'),
    port: config.PORT,
    host: '127.0.0.1',
    registration: 'open',
    origins: config.PARLEY_ORIGINS,
    drainMs: config.PARLEY_DRAIN_MS,
    logger: createLogger({ level: config.PARLEY_LOG_LEVEL, pretty: process.stdout.isTTY === true }),
  });
  const clients = await people(parley.url, parley.hasOwner);
  console.log(`Parley demo is ready: ${parley.url}
Sign in as  alice / ${PASSWORDS.alice}   and, in another window, as  bob / ${PASSWORDS.bob}
Echo answers whatever you say to it: open a direct message with Echo.`);
  onSignal(() => {
    void Promise.all(clients.map((client) => client.close()))
      .then(() => parley.stop())
      .finally(() => process.exit(0));
  });
}

async function people(url: string, exists: boolean): Promise<Parley[]> {
  const enter = async (handle: keyof typeof PASSWORDS, name: string): Promise<Parley> => {
    const client = createParley({ url, device: 'parley demo' });
    if (exists) await client.login({ handle, password: PASSWORDS[handle] });
    else await client.register({ handle, name, password: PASSWORDS[handle] });
    await client.connect();
    return client;
  };
  const alice = await enter('alice', 'Alice');
  const bob = await enter('bob', 'Bob');
  const echo = await enter('echo', 'Echo');
  if (!exists) await furnish(alice, bob, echo);
  answerEverything(echo);
  return [alice, bob, echo];
}

async function furnish(alice: Parley, bob: Parley, echo: Parley): Promise<void> {
  const { me } = bob.state;
  const bot = echo.state.me;
  if (me === null || bot === null) return;
  const { room } = await alice.createRoom({
    kind: 'channel',
    name: 'launch',
    topic: 'Friday, if the tests are green',
    visibility: 'public',
    members: [me.user.id, bot.user.id],
  });
  await alice.room(room).send('The release notes are in. Anything missing?');
  const question = await bob.room(room).send('The upgrade path from 0.9. **Two sentences** would do.');
  await alice.room(room).send('Good catch, done.', { replyTo: question.seq ?? null });
  if (question.seq !== undefined) await alice.room(room).react(question.seq, '👍');
  const direct = await alice.openDirect(bot.user.id);
  await alice.room(direct.room).send('Hello, Echo!');
  await echo.room(direct.room).send('You said: Hello, Echo!');
  for (const file of ['2005-08-08.raw.txt', '2009-02-23.raw.txt'])
    await importOne(alice, `${HISTORY}${file}`, () => {}).catch((error: unknown) => console.error(`demo: ${file}: ${String(error)}`));
}

/** Echo answers in direct rooms only, and never itself: two bots must not talk each other to death. */
function answerEverything(echo: Parley): void {
  echo.on('event', (event) => {
    const room = echo.state.rooms.get(event.room);
    if (event.type !== 'message.posted' || event.author === echo.state.me?.user.id || room?.summary?.kind !== 'direct') return;
    const { text } = event.body as { text: string | null };
    if (text === null) return;
    echo
      .room(event.room)
      .send(`You said: ${text}`.slice(0, 4000), { replyTo: event.seq })
      .catch((error: unknown) => console.error(`demo: echo could not answer: ${String(error)}`));
  });
}
