// The SDK's fetch: the public reads of messages, answered from the store as its routes answer them. No accounts, no rooms service:
// sessions are given, and rooms change through the authority.

import { readPage, readSnapshot, type Store } from '@parley/messages/memory';
import type { Clock } from '@parley/ports';
import { type ErrorBody, ParleyError } from '@parley/protocol';
import type { Faults } from './faults.ts';

/** What a living messages instance offers to HTTP; null: none lives. */
export interface Backend {
  readonly store: Store;
  readonly epoch: string;
  /** The process dies: its connections are reset. */
  onDeath(callback: () => void): void;
  tellUsers(users: readonly { readonly user: string; readonly changes: { key: string; value: unknown; ver: number }[] }[]): Promise<void>;
}

export interface HttpDeps {
  readonly clock: Clock;
  readonly faults: Faults;
  readonly backend: () => Backend | null;
  /** Whose token this is. Throws ParleyError. */
  readonly userOf: (token: string) => string;
  /** Each call and how it ended, for who looks for a bug. */
  readonly onCall: (what: string) => void;
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly user: string;
}

const found = <T>(value: T | null): T => {
  if (value === null) throw new ParleyError('not_found');
  return value;
};
const numberIn = (query: URLSearchParams, name: string): number | undefined => (query.has(name) ? Number(query.get(name)) : undefined);

async function readRoom(request: Request, backend: Backend, room: string, what: string): Promise<unknown> {
  const { store, epoch } = backend;
  const { query, user } = request;
  const limit = numberIn(query, 'limit') ?? 50;
  const [before, after, around] = ['before', 'after', 'around'].map((name) => numberIn(query, name));
  if (what === 'snapshot') return found(await readSnapshot(store, user, room, epoch, limit));
  if (what === 'messages') return found(await readPage(store, user, room, { before, after, around, limit }));
  if (what === 'events') {
    const right = found(await store.right(user, room));
    const { head, events } = await store.events(room, Math.max(right.floor, after ?? 0), limit);
    return { head: Math.min(head, right.head), events: events.filter((event) => event.seq <= right.head) };
  }
  throw new ParleyError('not_found');
}

async function answer(request: Request, backend: Backend): Promise<unknown> {
  const { store, epoch } = backend;
  const { method, path, query, user } = request;
  const room = /^\/api\/rooms\/([^/]+)\/(\w+)$/.exec(path);
  if (method === 'GET' && room !== null) return readRoom(request, backend, room[1] ?? '', room[2] ?? '');
  if (method === 'GET' && path === '/api/me/rooms') {
    const ids = query.get('ids');
    const rooms = await store.roomSummaries(user, ids === null ? null : ids.split(','));
    return { rooms: rooms.map((summary) => ({ ...summary, epoch })) };
  }
  if (method === 'GET' && path === '/api/me/changes') return (await store.sync([{ user, me: numberIn(query, 'after') ?? null }]))[0]?.me;
  if (method === 'GET' && path === '/api/people') return { people: [] };
  const state = /^\/api\/me\/state\/(.+)$/.exec(path);
  if (method === 'PUT' && state !== null) {
    const change = await store.putState(user, decodeURIComponent(state[1] ?? ''), (request.body as { value: unknown }).value);
    await backend.tellUsers([{ user, changes: [change] }]);
    return change;
  }
  throw new ParleyError('not_found', `The simulation has no ${method} ${path}.`);
}

/** Only what the SDK reads of a response; a real one would bring streams, which run outside of virtual time. */
const respond = (status: number, body: unknown): Response =>
  ({ ok: status < 400, status, text: async () => JSON.stringify(body) ?? '' }) as unknown as Response;

export function createSimFetch({ clock, faults, backend, userOf, onCall }: HttpDeps): typeof fetch {
  const serve = async (url: URL, init: RequestInit): Promise<Response> => {
    await clock.sleep(faults.between(2, 25));
    if (faults.hits('http')) throw new TypeError('simulated: the request was lost');
    try {
      const instance = backend();
      if (instance === null) throw new ParleyError('unavailable', 'messages is away.', { retryAfterMs: 500 });
      const token = new Headers(init.headers).get('authorization')?.slice('Bearer '.length) ?? '';
      const body = typeof init.body === 'string' ? JSON.parse(init.body) : undefined;
      const request = { method: init.method ?? 'GET', path: url.pathname, query: url.searchParams, body, user: userOf(token) };
      const reset = new Promise<never>((_, reject) => {
        instance.onDeath(() => clock.after(faults.between(1, 800), () => reject(new TypeError('simulated: the connection was reset'))));
      });
      const answered = await Promise.race([answer(request, instance), reset]);
      await clock.sleep(faults.between(2, 25));
      if (faults.hits('http')) throw new TypeError('simulated: the answer was lost');
      return respond(200, JSON.parse(JSON.stringify(answered)));
    } catch (error) {
      if (!(error instanceof ParleyError)) throw error;
      const refusal: ErrorBody = error.toBody();
      return respond(error.row.http, { error: refusal });
    }
  };
  return (input, init = {}) =>
    new Promise((resolve, reject) => {
      init.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      const url = new URL(String(input));
      const answered = serve(url, init);
      answered.then(
        (response) => onCall(`${url.pathname}${url.search} ${response.status}`),
        (error: Error) => onCall(`${url.pathname}${url.search} ${error.message}`),
      );
      answered.then(resolve, reject);
    });
}
