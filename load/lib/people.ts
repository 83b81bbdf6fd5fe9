// People for a load run, made through the public API. Refuses targets that are not this machine unless told twice.
import { fail } from 'k6';
import http from 'k6/http';

declare const __ENV: Record<string, string | undefined>;

interface Tokens {
  accessToken: string;
  user: { id: string };
}

export interface LoadPerson {
  user: string;
  token: string;
}

export interface Seeded {
  url: string;
  room: string;
  people: LoadPerson[];
  /** Set when the installation had no owner: this run made it, and its password must reach the operator. */
  owner: { handle: string; password: string } | null;
}

const LOCAL = /^http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$/;

export function targetUrl(): string {
  const url = (__ENV.PARLEY_URL ?? 'http://127.0.0.1:8080').replace(/\/$/, '');
  const twice = __ENV.PARLEY_LOAD_TARGET_IS_MINE === url && __ENV.PARLEY_LOAD_I_MAY === 'yes';
  if (!LOCAL.test(url) && !twice) fail(`${url} is not on this machine. Say twice that it is yours: PARLEY_LOAD_TARGET_IS_MINE=${url} PARLEY_LOAD_I_MAY=yes`);
  return url;
}

/** RFC 9562 version 4: enough for client ids; k6 has no crypto.randomUUID in 1.8. */
export function uuid(): string {
  return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, (c) => {
    const r = (Math.random() * 16) | 0;
    return (c === 'x' ? r : (r & 3) | 8).toString(16);
  });
}

function call<T = unknown>(method: string, url: string, body: unknown, headers: Record<string, string>): T {
  const res = http.request(method, url, body === null ? null : JSON.stringify(body), { headers: { 'content-type': 'application/json', ...headers } });
  if (res.status < 200 || res.status > 299) fail(`${method} ${url} answered ${res.status}: ${String(res.body).slice(0, 300)}`);
  return (res.body === '' ? null : res.json()) as T;
}

/** A public channel with `count` members, the first of them its owner. */
export function seed(count: number): Seeded {
  const url = targetUrl();
  const run = Math.random().toString(36).slice(2, 8);
  const password = uuid();
  const register = (handle: string, key: string | null): Tokens =>
    call<Tokens>('POST', `${url}/api/accounts/register`, { handle, password, device: 'k6' }, key === null ? {} : { 'x-parley-load-key': key });
  const hadOwner = call<{ owner: boolean }>('GET', `${url}/api/setup`, null, {}).owner;
  let key = __ENV.PARLEY_LOAD_KEY ?? null;
  let owner: Seeded['owner'] = null;
  if (!hadOwner) {
    const tokens = register(`load-owner-${run}`, null);
    key = call<{ key: string }>('POST', `${url}/api/load-keys`, {}, { authorization: `Bearer ${tokens.accessToken}` }).key;
    owner = { handle: `load-owner-${run}`, password };
  }
  const people: LoadPerson[] = [];
  for (let i = 0; i < count; i++) {
    const tokens = register(`load-${run}-${i}`, key);
    people.push({ user: tokens.user.id, token: tokens.accessToken });
  }
  const first = people[0];
  if (first === undefined) fail('A load run needs at least one person.');
  const made = call<{ room: string }>(
    'POST',
    `${url}/api/rooms`,
    { kind: 'channel', name: `load ${run}`, visibility: 'public', history: 'all' },
    { authorization: `Bearer ${first!.token}` },
  );
  for (const person of people.slice(1)) call('POST', `${url}/api/rooms/${made.room}/join`, {}, { authorization: `Bearer ${person.token}` });
  return { url, room: made.room, people, owner };
}
