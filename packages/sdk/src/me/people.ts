// People by id: asked for in batches, kept, asked again when the server says that they changed. And who of the watched is online.
import { LIMITS, type Person, type PresenceList } from '@parley/protocol';
import type { SdkClock } from '../api.ts';
import type { Http } from '../net/http.ts';
import type { StateStore } from '../state-store.ts';

export interface PeopleBook {
  load(ids: readonly string[]): Promise<void>;
  search(query: string): Promise<readonly Person[]>;
  take(people: readonly Person[]): void;
  /** `person` frame. */
  changed(user: string, ver: number): void;
  watch(ids: readonly string[]): void;
  /** Tells a new connection whom we watch. */
  online(request: ((name: string, payload: unknown, timeoutMs: number) => Promise<unknown>) | null): void;
  presence(list: PresenceList): void;
  forget(): void;
}

export interface PeopleDeps {
  readonly http: Http;
  readonly store: StateStore;
  readonly clock: SdkClock;
  readonly onChange: () => void;
  readonly onError: (thrown: unknown) => void;
}

interface Batch {
  readonly ids: Set<string>;
  readonly done: Promise<void>;
}

const WATCH_TIMEOUT_MS = 10_000;
const WATCH_AGAIN_MS = 2_000;

export function createPeopleBook(deps: PeopleDeps): PeopleBook {
  const { store } = deps;
  let batch: Batch | null = null;
  let asked = new Map<string, Promise<void>>();
  let watched: readonly string[] = [];
  let connection: Parameters<PeopleBook['online']>[0] = null;
  let cancelAgain = () => {};

  const take = (people: readonly Person[]) => {
    const known = store.read().people;
    for (const person of people) if ((known.get(person.id)?.ver ?? -1) < person.ver) store.setEntry('people', person.id, person);
    if (people.length > 0) deps.onChange();
  };
  const fetchAll = async (ids: readonly string[]) => {
    for (let start = 0; start < ids.length; start += LIMITS.peoplePage) {
      const page = ids.slice(start, start + LIMITS.peoplePage);
      take((await deps.http.call<{ people: Person[] }>('/api/people', { query: { ids: page.join(',') } })).people);
    }
  };
  /** Joins the batch of this turn. */
  const fetchSoon = (ids: readonly string[]): Promise<void> => {
    if (batch === null) {
      const collected = new Set<string>();
      const done = Promise.resolve().then(() => {
        batch = null;
        return fetchAll([...collected]);
      });
      batch = { ids: collected, done };
    }
    for (const id of ids) batch.ids.add(id);
    return batch.done;
  };
  const load = async (ids: readonly string[]): Promise<void> => {
    const known = store.read().people;
    const missing = [...new Set(ids)].filter((id) => !known.has(id) && !asked.has(id));
    const waits = new Set(ids.flatMap((id) => asked.get(id) ?? []));
    if (missing.length > 0) {
      const now = fetchSoon(missing);
      for (const id of missing) asked.set(id, now);
      const clear = () => {
        for (const id of missing) asked.delete(id);
      };
      now.then(clear, clear);
      waits.add(now);
    }
    await Promise.all(waits);
  };
  const presence = (list: PresenceList) => {
    for (const { user, state } of list) if (watched.includes(user)) store.setEntry('presence', user, state);
  };
  const tell = () => {
    const request = connection;
    cancelAgain();
    if (request === null || (watched.length === 0 && store.read().presence.size === 0)) return;
    const told = watched;
    request('watch', { people: told }, WATCH_TIMEOUT_MS).then(
      (ack) => {
        if (told !== watched || connection !== request) return;
        const list = presenceOf(ack);
        if (list !== null) presence(list);
        else cancelAgain = deps.clock.after(WATCH_AGAIN_MS, tell);
      },
      () => {},
    );
  };

  return {
    load,
    async search(query) {
      const { people } = await deps.http.call<{ people: Person[] }>('/api/people', { query: { q: query } });
      take(people);
      return people;
    },
    take,
    changed(user, ver) {
      const known = store.read().people.get(user);
      if (known !== undefined && known.ver < ver) fetchSoon([user]).catch(deps.onError);
    },
    watch(ids) {
      watched = [...new Set(ids)].slice(0, LIMITS.watchedPeople);
      const keep = store.read().presence;
      store.clear('presence');
      for (const id of watched) {
        const state = keep.get(id);
        if (state !== undefined) store.setEntry('presence', id, state);
      }
      tell();
    },
    online(request) {
      connection = request;
      if (request === null) cancelAgain();
      else tell();
    },
    presence,
    forget() {
      watched = [];
      asked = new Map();
    },
  };
}

/** The ack of `watch`: its list, whatever it is called beside `ok`; null for a refusal. */
function presenceOf(ack: unknown): PresenceList | null {
  if (typeof ack !== 'object' || ack === null || (ack as { ok?: unknown }).ok !== true) return null;
  return (Object.values(ack).find(Array.isArray) as PresenceList | undefined) ?? [];
}
