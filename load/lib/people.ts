// People and rooms for a load run, made through the public API with a load key, whose sessions have rate limits of their own. In setup() only.
import { fail, sleep } from 'k6';
import http, { type RefinedResponse, type ResponseType } from 'k6/http';
import { type Env, targetUrl } from './settings.ts';

declare const __ENV: Env;

export interface LoadPerson {
  readonly user: string;
  readonly token: string;
  readonly refreshToken: string;
  /** ms since 1970 */
  readonly expiresAt: number;
}

export interface LoadRoom {
  readonly room: string;
  /** Who is in it: indices of people. */
  readonly members: readonly number[];
}

export interface Seeded {
  readonly url: string;
  readonly k6: string;
  readonly people: LoadPerson[];
  readonly rooms: LoadRoom[];
  /** The key of this run, kept for the next one; null without. */
  readonly key: string | null;
  /** When the seeding was done: all VUs count from here. ms since 1970. */
  readonly at: number;
}

interface Tokens {
  readonly user: { readonly id: string };
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly accessExpiresAt: number;
}

interface Ask {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Members named in one request. */
const MEMBERS_A_REQUEST = 1_000;
/** What an address may register in a minute without a key is 60. */
const PEOPLE_WITHOUT_KEY = 50;
const ASKS_AT_ONCE = 60;
const READY_MS = 120_000;
const KEY_FILE = '.load-keys';

/** The folder that reports go to, as a path. */
export const resultsFolder = (): string => __ENV.PARLEY_LOAD_RESULTS ?? import.meta.resolve('../results').replace('file://', '');

/** Target -> the key that an earlier run made there. Read when the script begins: k6 opens no file later. */
const keptKeys = ((): Readonly<Record<string, string>> => {
  try {
    return JSON.parse(open(`${resultsFolder()}/${KEY_FILE}`)) as Record<string, string>;
  } catch {
    return {};
  }
})();

/** What a run leaves for the next one, for k6's handleSummary. */
export const keyToKeep = (seeded: Seeded | undefined): Record<string, string> =>
  seeded?.key == null || (__ENV.PARLEY_LOAD_KEY ?? '') !== ''
    ? {}
    : { [`${resultsFolder()}/${KEY_FILE}`]: JSON.stringify({ ...keptKeys, [seeded.url]: seeded.key }) };

const said = (response: RefinedResponse<ResponseType>): string =>
  response.status === 0
    ? `no answer (${response.error}); is Parley running? npm start, or PARLEY_URL`
    : `${response.status}: ${String(response.body).slice(0, 300)}`;

function makeCaller(url: string) {
  const request = ({ method, path, body, headers }: Ask) => ({
    method,
    url: `${url}${path}`,
    body: body === undefined ? null : JSON.stringify(body),
    params: { headers: { 'content-type': 'application/json', ...headers }, tags: { name: path.replace(/[0-9a-f-]{36}/g, ':id') }, timeout: '60s' },
  });
  /** All answers in the order of the asks; the first that is refused ends the run. */
  const all = <T>(asks: readonly Ask[]): T[] => {
    const answers: T[] = [];
    for (let from = 0; from < asks.length; from += ASKS_AT_ONCE) {
      const part = asks.slice(from, from + ASKS_AT_ONCE);
      for (const [index, response] of http.batch(part.map(request)).entries()) {
        if (response.status < 200 || response.status > 299) fail(`${part[index]?.method} ${url}${part[index]?.path} answered ${said(response)}`);
        answers.push((response.body === '' ? null : response.json()) as T);
      }
    }
    return answers;
  };
  return { all, one: <T>(ask: Ask): T => all<T>([ask])[0] as T };
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const secret = (): string => Array.from({ length: 4 }, () => Math.random().toString(36).slice(2, 10)).join('');

/** Is the key good here? A wrong one is refused before the password is looked at. */
function isGood(url: string, key: string): boolean {
  const body = JSON.stringify({ handle: 'load-nobody', password: secret() });
  const response = http.post(`${url}/api/accounts/login`, body, {
    headers: { 'content-type': 'application/json', 'x-parley-load-key': key },
    tags: { name: 'key' },
  });
  return response.status !== 403 && response.status !== 0;
}

/** The key to seed with: the operator's, else that of an earlier run, else a new one where nobody owns the installation yet. */
function findKey(url: string, run: string, caller: ReturnType<typeof makeCaller>): string | null {
  const given = __ENV.PARLEY_LOAD_KEY ?? '';
  if (given !== '') return given;
  const setup = caller.one<{ owner: boolean }>({ method: 'GET', path: '/api/setup' });
  if (!setup.owner) {
    const login = { handle: `load-owner-${run}`, password: secret() };
    const owner = caller.one<Tokens>({ method: 'POST', path: '/api/accounts/register', body: { ...login, device: 'k6' } });
    const { key } = caller.one<{ key: string }>({ method: 'POST', path: '/api/load-keys', body: {}, headers: bearer(owner.accessToken) });
    console.warn(`This installation had no owner, so this run made one. Keep it: name ${login.handle}, password ${login.password}, load key ${key}`);
    return key;
  }
  const kept = keptKeys[url];
  return kept !== undefined && isGood(url, kept) ? kept : null;
}

/** k6 does not tell scripts its version: what PARLEY_K6 says, else which family has what only the newer one has. */
const k6Version = (): string => __ENV.PARLEY_K6 ?? ('TextEncoder' in globalThis ? '2.x' : '1.x');

/** `rooms`: for each room, who is in it, by index; the first of them is its owner. Fails with what to do when it cannot. */
export function seed(people: number, rooms: readonly (readonly number[])[]): Seeded {
  const url = targetUrl(__ENV);
  const run = Math.random().toString(36).slice(2, 8);
  const caller = makeCaller(url);
  const key = findKey(url, run, caller);
  if (key === null && people > PEOPLE_WITHOUT_KEY) {
    fail(
      `${url} has an owner already, and no load key is known: let the owner make one (docs/load.md) and set PARLEY_LOAD_KEY. Up to ${PEOPLE_WITHOUT_KEY} people need none.`,
    );
  }
  const headers: Record<string, string> = key === null ? {} : { 'x-parley-load-key': key };
  const password = secret();
  const registrations = Array.from({ length: people }, (_, index): Ask => {
    return { method: 'POST', path: '/api/accounts/register', headers, body: { handle: `load-${run}-${index}`, password, device: 'k6' } };
  });
  const made = caller.all<Tokens>(registrations).map((tokens): LoadPerson => {
    return { user: tokens.user.id, token: tokens.accessToken, refreshToken: tokens.refreshToken, expiresAt: tokens.accessExpiresAt };
  });
  const ids = makeRooms(caller, made, rooms, run);
  return { url, k6: k6Version(), people: made, rooms: rooms.map((members, index) => ({ room: ids[index] as string, members })), key, at: Date.now() };
}

function makeRooms(caller: ReturnType<typeof makeCaller>, people: readonly LoadPerson[], rooms: readonly (readonly number[])[], run: string): string[] {
  const person = (index: number): LoadPerson => people[index] as LoadPerson;
  const owner = (members: readonly number[]): Record<string, string> => bearer(person(members[0] as number).token);
  const asks = rooms.map((members, index): Ask => {
    const named = members.slice(1, MEMBERS_A_REQUEST).map((member) => person(member).user);
    const body = { kind: 'channel', name: `load ${run} ${index + 1}`, visibility: 'public', history: 'all', members: named };
    return { method: 'POST', path: '/api/rooms', body, headers: owner(members) };
  });
  const ids = caller.all<{ room: string }>(asks).map(({ room }) => room);
  for (const [index, members] of rooms.entries()) {
    for (let from = MEMBERS_A_REQUEST; from < members.length; from += MEMBERS_A_REQUEST) {
      const users = members.slice(from, from + MEMBERS_A_REQUEST).map((member) => person(member).user);
      caller.one({ method: 'POST', path: `/api/rooms/${ids[index]}/members`, body: { users }, headers: owner(members) });
    }
  }
  // A change may be answered before everybody is in.
  const until = Date.now() + READY_MS;
  for (const [index, members] of rooms.entries()) {
    const ask: Ask = { method: 'GET', path: `/api/me/rooms?ids=${ids[index]}`, headers: owner(members) };
    while ((caller.one<{ rooms: { memberCount: number }[] }>(ask).rooms[0]?.memberCount ?? 0) < members.length) {
      if (Date.now() > until) fail(`Not everybody was in their rooms after ${READY_MS / 1_000} s: set PEOPLE lower.`);
      sleep(0.2);
    }
  }
  return ids;
}
