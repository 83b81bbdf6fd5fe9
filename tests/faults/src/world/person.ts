// One person of the load: a real client on its own socket through the relay, who writes at a seeded rhythm. Everything that it does and sees
// goes to the checker; beside that only times are kept.
import { type HistoryRecord, recorder } from '@parley/checker';
import { type Client, persist } from '@parley/cli';
import type { ErrorCode, MemberCommand } from '@parley/protocol';
import { createParley, type Observation, type ParleyOptions } from '@parley/sdk';
import type { Network } from './network.ts';
import type { Random } from './random.ts';

/** ms of performance.now(). */
export interface Span {
  readonly from: number;
  /** null: not yet. */
  to: number | null;
}

/** One try to send, and what became of it. */
export interface Try extends Span {
  readonly command: MemberCommand;
  answer: 'accepted' | ErrorCode | null;
  /** The server said when to try again. */
  retryAfterMs: number | null;
}

export interface Person extends Client {
  readonly handle: string;
  readonly password: string;
  /** Times without a usable connection, after the first one. */
  readonly away: readonly Span[];
  readonly tries: readonly Try[];
  /** When messages of others (and own ones) were seen, and how long after they were sent. */
  readonly seen: readonly { readonly at: number; readonly ms: number }[];
  readonly gateway: string;
  /** Called after each acceptance. */
  onAccepted: ((command: MemberCommand) => void) | null;
}

export interface PersonOptions {
  readonly url: string;
  readonly loadKey: string;
  readonly handle: string;
  readonly name: string;
  readonly random: Random;
  readonly network: Network;
  /** Where it goes at first; later where the edge says. */
  readonly firstGateway: string;
  readonly record: (record: HistoryRecord) => void;
  /** When each message was first sent, by client id: of all people. */
  readonly sentAt: Map<string, number>;
}

const now = (): number => performance.now();

/** Registers and connects. */
export async function createPerson(options: PersonOptions): Promise<Person> {
  const { handle, record, sentAt } = options;
  let user = '';
  const password = `${handle} has a password`;
  const recordOf = recorder({ client: handle, user: () => user, now });
  const away: Span[] = [];
  const tries: Try[] = [];
  const open = new Map<string, Try>();
  const seen: { at: number; ms: number }[] = [];
  let gateway = '';

  const answer = (clientId: string, said: Try['answer'], retryAfterMs: number | null): void => {
    const one = open.get(clientId);
    open.delete(clientId);
    if (one !== undefined) Object.assign(one, { to: now(), answer: said, retryAfterMs });
  };
  const measure = (saw: Observation): void => {
    if (saw.kind === 'invoke') {
      const { clientId } = saw.command;
      if (!sentAt.has(clientId)) sentAt.set(clientId, now());
      const one: Try = { command: saw.command, from: now(), to: null, answer: null, retryAfterMs: null };
      open.set(clientId, one);
      tries.push(one);
    } else if (saw.kind === 'accepted') {
      const command = open.get(saw.clientId)?.command;
      answer(saw.clientId, 'accepted', null);
      if (command !== undefined) person.onAccepted?.(command);
    } else if (saw.kind === 'refused' || saw.kind === 'unknown') answer(saw.clientId, saw.error.code, saw.error.retryAfterMs ?? null);
    else if (saw.kind === 'applied' && saw.event.clientId !== null) {
      const sent = sentAt.get(saw.event.clientId);
      if (sent !== undefined) seen.push({ at: now(), ms: now() - sent });
    } else if (saw.kind === 'connected') gateway = saw.gateway;
  };

  const parley = createParley({
    url: options.url,
    device: handle,
    loadKey: options.loadKey,
    random: options.random.fork('back-off').next,
    fetch: throughRelay(options),
    observe: (saw) => {
      record(recordOf(saw));
      measure(saw);
    },
  });
  parley.on('status', (status) => {
    const last = away.at(-1);
    if (status === 'online' && last?.to === null) last.to = now();
    if (status === 'reconnecting' && last?.to !== null) away.push({ from: now(), to: null });
  });
  const person: Person = {
    parley,
    get user() {
      return user;
    },
    client: handle,
    handle,
    password,
    away,
    tries,
    seen,
    get gateway() {
      return gateway;
    },
    onAccepted: null,
  };
  user = (await persist(() => parley.register({ handle, name: options.name, password }))).user.id;
  await parley.connect();
  return person;
}

/** The edge says which gateway; the way to it is the relay's. */
function throughRelay({ network, firstGateway }: PersonOptions): NonNullable<ParleyOptions['fetch']> {
  let first = true;
  return async (input, init) => {
    const asked = new URL(String(input));
    if (asked.pathname !== '/api/connect') return fetch(input, init);
    if (first) {
      first = false;
      return Response.json({ url: network.through(firstGateway) });
    }
    // The client knows the relay's address only; the edge knows the gateway's.
    const last = asked.searchParams.get('not');
    if (last !== null) asked.searchParams.set('not', network.behind(last));
    const response = await fetch(asked, init);
    if (!response.ok) return response;
    const { url } = (await response.json()) as { url: string };
    return Response.json({ url: network.through(url) });
  };
}
