// The plain calls: one HTTP request each, with the answer handed on. What they change arrives as events or state, never from here.
import type { Person, RoomChanged, Setup } from '@parley/protocol';
import type { Parley } from './api.ts';
import type { OwnState } from './me/own-state.ts';
import type { Http } from './net/http.ts';

type Answer<M extends 'publicRooms'> = Awaited<ReturnType<Parley[M]>>;

export interface CallsDeps {
  readonly http: Http;
  readonly own: OwnState;
  readonly took: (people: readonly Person[]) => void;
}

export function createCalls({
  http,
  own,
  took,
}: CallsDeps): Pick<Parley, 'setup' | 'call' | 'createRoom' | 'openDirect' | 'publicRooms' | 'acceptInvitation' | 'account'> {
  return {
    call: (method, path, body) => http.call<unknown>(path, { method, ...(body === undefined ? {} : { body }) }),
    setup: () => http.open<Setup>('/api/setup'),
    createRoom: (input) => http.call<RoomChanged>('/api/rooms', { method: 'POST', body: input }),
    openDirect: (user) => http.call<RoomChanged>('/api/direct', { method: 'POST', body: { user } }),
    publicRooms: async (query) => (await http.call<{ rooms: Answer<'publicRooms'> }>('/api/rooms/public', { query: { q: query } })).rooms,
    acceptInvitation: (code) => http.call<RoomChanged>(`/api/invitations/${encodeURIComponent(code)}/accept`, { method: 'POST' }),
    account: {
      async rename(name) {
        const { user } = await http.call<{ user: Person }>('/api/me', { method: 'PATCH', body: { name } });
        took([user]);
      },
      changePassword: async (current, next) => void (await http.call('/api/me/password', { method: 'POST', body: { current, next } })),
      sessions: async () => (await http.call<{ sessions: Awaited<ReturnType<Parley['account']['sessions']>> }>('/api/sessions')).sessions,
      revoke: async (session) => void (await http.call(`/api/sessions/${encodeURIComponent(session)}`, { method: 'DELETE' })),
      setPref: (name, value) => own.put(`pref:${name}`, value),
      makeInvitation: (options = {}) => http.call<{ code: string }>('/api/registration-invitations', { method: 'POST', body: options }),
      setRegistration: async (registration) => void (await http.call('/api/setup', { method: 'PATCH', body: { registration } })),
    },
  };
}
