// The client's state: working parts inside, an immutable picture outside. The picture is made when somebody looks, so a burst of
// events costs one copy of the room map, not one each. Parts that did not change stay the same objects.
import type { ClientState, RoomState } from './api.ts';

export interface StateStore {
  /** The picture now: the same object until something changes. */
  read(): ClientState;
  set(patch: Partial<Omit<ClientState, 'rooms' | 'people' | 'presence'>>): void;
  room(id: string): RoomState | undefined;
  setRoom(room: RoomState): void;
  dropRoom(id: string): void;
  roomIds(): readonly string[];
  setEntry<K extends 'people' | 'presence'>(
    map: K,
    key: string,
    value: K extends 'people' ? (ClientState['people'] extends ReadonlyMap<string, infer P> ? P : never) : 'online' | 'offline',
  ): void;
  clear(map: 'people' | 'presence'): void;
  /** Back to nothing but the status (sign-out). */
  forget(): void;
  subscribe(listener: () => void): () => void;
}

const empty = (now: number): ClientState => ({
  status: 'signed-out',
  statusSince: now,
  bye: null,
  me: null,
  rooms: new Map(),
  people: new Map(),
  presence: new Map(),
  outbox: [],
  prefs: new Map(),
});

export function createStateStore(now: number): StateStore {
  let picture = empty(now);
  let rooms = new Map<string, RoomState>();
  let people = new Map<string, unknown>();
  let presence = new Map<string, unknown>();
  const dirty = { rooms: false, people: false, presence: false };
  const listeners = new Set<() => void>();
  let told = true;

  const changed = () => {
    if (!told) return;
    told = false;
    queueMicrotask(() => {
      told = true;
      for (const listener of [...listeners]) listener();
    });
  };
  const touch = (part: keyof typeof dirty) => {
    dirty[part] = true;
    changed();
  };

  return {
    read() {
      if (dirty.rooms || dirty.people || dirty.presence) {
        picture = {
          ...picture,
          rooms: dirty.rooms ? new Map(rooms) : picture.rooms,
          people: dirty.people ? (new Map(people) as ClientState['people']) : picture.people,
          presence: dirty.presence ? (new Map(presence) as ClientState['presence']) : picture.presence,
        };
        dirty.rooms = dirty.people = dirty.presence = false;
      }
      return picture;
    },
    set(patch) {
      picture = { ...picture, ...patch };
      changed();
    },
    room: (id) => rooms.get(id),
    setRoom(room) {
      if (rooms.get(room.id) === room) return;
      rooms.set(room.id, room);
      touch('rooms');
    },
    dropRoom(id) {
      if (rooms.delete(id)) touch('rooms');
    },
    roomIds: () => [...rooms.keys()],
    setEntry(map, key, value) {
      const target = map === 'people' ? people : presence;
      if (target.get(key) === value) return;
      target.set(key, value);
      touch(map);
    },
    clear(map) {
      if (map === 'people') people = new Map();
      else presence = new Map();
      touch(map);
    },
    forget() {
      rooms = new Map();
      people = new Map();
      presence = new Map();
      dirty.rooms = dirty.people = dirty.presence = false;
      picture = { ...empty(picture.statusSince), status: picture.status, bye: picture.bye };
      changed();
    },
    subscribe(listener) {
      // A wrapper each, so that the same function given twice is two subscriptions with an undo each (StrictMode).
      const own = () => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
}
