// What survives a restart beside session and outbox: my state, each room's place with the newest messages, people. A room is one value,
// so a crash leaves it whole at some place, and resume brings it forward from there. Written a moment after changes.
import type { AnyRoomEvent, Member, Message, Person, ReadStateValue, RoomSummary } from '@parley/protocol';
import type { RoomState, SdkClock, Storage } from '../api.ts';
import type { StoredUserState } from '../me/user-state.ts';
import { NO_DRAFT, trimRun } from '../rooms/room-state.ts';

const FORMAT = 1;
const WRITE_AFTER_MS = 1_000;
const MESSAGES_MOST = 200;
const PREFIX = { room: 'room:', state: 'state', people: 'people', owner: 'owner' } as const;

interface StoredRoom {
  readonly v: number;
  readonly id: string;
  readonly seq: number;
  readonly epoch: string;
  readonly summary: RoomSummary;
  readonly members: readonly Member[] | null;
  readonly messages: readonly Message[];
  readonly notices: readonly AnyRoomEvent[];
  readonly from: number;
  readonly more: boolean;
  readonly read: ReadStateValue;
}

export interface Kept {
  readonly state: StoredUserState | null;
  readonly epoch: string;
  readonly rooms: readonly RoomState[];
  readonly people: readonly Person[];
}

export interface Keep {
  /** Empties the storage when it holds another user's things; then it is `user`'s. */
  claim(user: string): Promise<void>;
  load(): Promise<Kept>;
  /** Something changed: a room (by id), or `state`, or `people`. */
  dirty(what: string): void;
  flush(): Promise<void>;
  /** Deletes everything but the session. */
  wipe(): Promise<void>;
  close(): Promise<void>;
}

export interface KeepDeps {
  readonly storage: Storage;
  readonly clock: SdkClock;
  readonly room: (id: string) => RoomState | undefined;
  readonly state: () => { readonly state: StoredUserState | null; readonly epoch: string };
  readonly people: () => readonly Person[];
  readonly onError: (thrown: unknown) => void;
}

export function createKeep(deps: KeepDeps): Keep {
  const { storage } = deps;
  const waiting = new Set<string>();
  let cancel: (() => void) | null = null;
  let writing: Promise<void> = Promise.resolve();
  let closed = false;
  let owner: string | null = null;

  const write = async (): Promise<void> => {
    const now = [...waiting];
    waiting.clear();
    // Another person may have signed in on this storage in another tab: it is theirs now.
    const theirs = await storage.get(PREFIX.owner).catch(() => undefined);
    if (owner === null || theirs !== owner) return;
    for (const what of now) {
      try {
        if (what === PREFIX.state) await storage.set(PREFIX.state, { v: FORMAT, ...deps.state() });
        else if (what === PREFIX.people) await storage.set(PREFIX.people, { v: FORMAT, people: deps.people() });
        else {
          const room = deps.room(what);
          if (room?.summary == null) await storage.delete(PREFIX.room + what);
          else await storage.set(PREFIX.room + what, toStored(room, room.summary));
        }
      } catch (thrown) {
        deps.onError(thrown);
      }
    }
  };
  const flush = (): Promise<void> => {
    cancel?.();
    cancel = null;
    writing = writing.then(write);
    return writing;
  };
  const wipe = async (): Promise<void> => {
    cancel?.();
    cancel = null;
    waiting.clear();
    await writing;
    for (const prefix of [PREFIX.room, PREFIX.state, PREFIX.people, PREFIX.owner, 'outbox:'])
      for (const [key] of await storage.list(prefix)) await storage.delete(key);
  };

  return {
    async claim(user) {
      const before = await storage.get(PREFIX.owner);
      if (before !== undefined && before !== user) await wipe();
      if (before !== user) await storage.set(PREFIX.owner, user);
      owner = user;
    },
    async load() {
      const state = (await storage.get(PREFIX.state)) as { v: number; state: StoredUserState | null; epoch: string } | undefined;
      const people = (await storage.get(PREFIX.people)) as { v: number; people: readonly Person[] } | undefined;
      const rooms = (await storage.list(PREFIX.room)).map(([, value]) => value as StoredRoom).filter((room) => room.v === FORMAT);
      return {
        state: state?.v === FORMAT ? state.state : null,
        epoch: state?.v === FORMAT ? state.epoch : '',
        rooms: rooms.map(fromStored),
        people: people?.v === FORMAT ? people.people : [],
      };
    },
    dirty(what) {
      if (closed) return;
      waiting.add(what);
      cancel ??= deps.clock.after(WRITE_AFTER_MS, () => void flush());
    },
    flush,
    wipe,
    async close() {
      await flush();
      closed = true;
    },
  };
}

function toStored(room: RoomState, summary: RoomSummary): StoredRoom {
  const { id, seq, epoch, messages, notices, from, more, read } = trimRun(room, MESSAGES_MOST);
  return { v: FORMAT, id, seq, epoch, summary, members: room.members === null ? null : [...room.members.values()], messages, notices, from, more, read };
}

function fromStored({ v: _, members, ...room }: StoredRoom): RoomState {
  return {
    ...room,
    sync: 'catching',
    members: members === null ? null : new Map(members.map((member) => [member.user, member])),
    muted: false,
    draft: NO_DRAFT,
    typing: [],
  };
}
