// Keeps every room at its place: takes frames, holds what comes early, fills holes, replaces what cannot be continued. An event is
// applied only when everything before it was, or when a snapshot stands in for that (design.md: resume; pitfalls 11).
import { type AnyRoomEvent, LIMITS, type ResumeAnswer, type RoomSnapshot, type RoomStateValue, type RoomSummary, stateKey } from '@parley/protocol';
import type { Observation, ParleyEvents, RoomState } from '../api.ts';
import type { UserState } from '../me/user-state.ts';
import type { StateStore } from '../state-store.ts';
import { applyEvent, placeOf } from './apply-event.ts';
import type { RoomLoader } from './room-loader.ts';
import { joinSnapshot, loadingRoom, startAtSnapshot, startAtSummary, trimRun } from './room-state.ts';

/** Early events that wait for a hole to be filled; beyond that the room starts again from a snapshot. */
const HELD_MOST = LIMITS.resumeEvents * 2;
const RECENT_MOST = 64;
/** The run of a room that nobody has opened is cut back to the newest when it has grown to twice that. */
const UNOPENED_RUN = 200;

/** What is known of a room beside its state. */
export interface Track {
  readonly id: string;
  readonly held: Map<number, AnyRoomEvent>;
  /** The last events applied, contiguous up to the room's place. */
  recent: AnyRoomEvent[];
  /** Lists that want every event applied from now on (a page is being fetched). */
  readonly tails: Set<AnyRoomEvent[]>;
  /** The place must be taken from a summary or snapshot at this seq or later; null: the place is good. */
  need: number | null;
  /** The server says that we are live up to this. */
  liveTo: number;
  filling: boolean;
  opened: boolean;
}

export interface RoomSyncDeps {
  readonly store: StateStore;
  readonly user: UserState;
  readonly loader: RoomLoader;
  readonly me: () => string;
  readonly epoch: () => string;
  readonly emit: <E extends keyof ParleyEvents>(event: E, payload: ParleyEvents[E]) => void;
  readonly observe: (observation: Observation) => void;
  /** Called for each own event that carries a client id. */
  readonly onOwn: (event: AnyRoomEvent & { clientId: string }) => void;
  readonly onChange: (room: string) => void;
  /** A snapshot stands in for everything up to `seq`. */
  readonly onStarted: (room: string, seq: number) => void;
  /** The room came into being here or started anew: fill in what the user's state says of it. */
  readonly dress: (room: RoomState) => RoomState;
}

export interface RoomSync {
  track(id: string): Track;
  resumed(answer: ResumeAnswer): void;
  event(event: AnyRoomEvent): void;
  live(room: string, seq: number): void;
  behind(room: string): void;
  reset(room: string, from: number, epoch: string): void;
  gone(room: string): void;
  /** `room:<id>` of my state changed. */
  membership(room: string): void;
  tookSummary(summary: RoomSummary): void;
  /** A snapshot that was asked for `of`; `tail` = events applied since then. Answers whether it could be used, or is wanted no more. */
  tookSnapshot(of: Track, snapshot: RoomSnapshot, tail: readonly AnyRoomEvent[]): boolean;
  forget(): void;
}

export function createRoomSync(deps: RoomSyncDeps): RoomSync {
  const { store, loader } = deps;
  const tracks = new Map<string, Track>();

  const track = (id: string): Track => {
    let found = tracks.get(id);
    if (found === undefined) {
      found = { id, held: new Map(), recent: [], tails: new Set(), need: 0, liveTo: 0, filling: false, opened: false };
      tracks.set(id, found);
    }
    return found;
  };
  const put = (room: RoomState) => {
    store.setRoom(room);
    deps.onChange(room.id);
  };
  const appear = (id: string) => {
    if (store.room(id) === undefined) put(deps.dress(loadingRoom(id, deps.epoch())));
    const of = track(id);
    if (of.need !== null) loader.load(of);
  };
  const startAgain = (of: Track, from: number) => {
    of.need = Math.max(of.need ?? 0, from);
    of.filling = false;
    loader.load(of);
  };

  const applyOne = (of: Track, room: RoomState, event: AnyRoomEvent): RoomState => {
    let next = applyEvent(room, event, deps.me());
    if (!of.opened && next.messages.length > UNOPENED_RUN * 2) next = trimRun(next, UNOPENED_RUN);
    of.recent.push(event);
    if (of.recent.length > RECENT_MOST * 2) of.recent = of.recent.slice(-RECENT_MOST);
    for (const tail of of.tails) tail.push(event);
    put(next);
    deps.observe({ kind: 'applied', event });
    if (event.clientId !== null && event.author === deps.me()) deps.onOwn(event as AnyRoomEvent & { clientId: string });
    deps.emit('event', event);
    return next;
  };

  /** Applies what is held as far as it is contiguous, and asks for what is missing. */
  const drain = (of: Track) => {
    let room = store.room(of.id);
    if (room?.summary == null || of.need !== null) return;
    for (let event = of.held.get(room.seq + 1); event !== undefined; event = of.held.get(room.seq + 1)) {
      of.held.delete(event.seq);
      room = applyOne(of, room, event);
      // A listener may have changed what we stand on.
      room = store.room(of.id) ?? room;
    }
    for (const seq of of.held.keys()) if (seq <= room.seq) of.held.delete(seq);
    if (of.held.size > 0 || of.liveTo > room.seq) fill(of);
    else if (of.liveTo > 0 && room.sync !== 'live') put({ ...room, sync: 'live' });
  };

  const fill = (of: Track) => {
    if (of.filling) return;
    of.filling = true;
    const from = store.room(of.id)?.seq ?? 0;
    const until = Math.max(of.liveTo, ...of.held.keys());
    loader.events(of, from, until).then(
      (events) => {
        if (tracks.get(of.id) !== of || !of.filling) return;
        of.filling = false;
        const before = store.room(of.id)?.seq ?? 0;
        if (events === null) return startAgain(of, from + 1);
        for (const event of events) if (event.seq > before) of.held.set(event.seq, event);
        // A page that brings nothing new would be asked for for ever.
        if (!of.held.has(before + 1) && before === from) return startAgain(of, from + 1);
        drain(of);
      },
      // Offline or not mine any more: resume or `gone` decides.
      () => {
        of.filling = false;
      },
    );
  };

  const started = (of: Track, before: RoomState | undefined, room: RoomState) => {
    of.need = null;
    of.filling = false;
    of.recent = [];
    put(deps.dress({ ...room, sync: of.liveTo > 0 && of.liveTo <= room.seq ? 'live' : 'catching' }));
    deps.onStarted(room.id, room.seq);
    deps.observe({ kind: 'snapshot', room: room.id, seq: room.seq, epoch: room.epoch });
    if (before?.summary != null) deps.emit('reset', { room: room.id });
    drain(of);
  };

  /** Where my present stay begins, as far as my state tells: an older answer is of an earlier stay. */
  const joinedAt = (id: string): number => (deps.user.get(stateKey.room(id)) as RoomStateValue | null)?.joinSeq ?? 0;
  const leave = (id: string) => {
    const known = store.room(id) !== undefined;
    tracks.delete(id);
    store.dropRoom(id);
    deps.onChange(id);
    if (known) deps.emit('gone', { room: id });
  };

  return {
    track,
    resumed(answer) {
      for (const of of tracks.values()) {
        of.held.clear();
        of.filling = false;
        of.liveTo = 0;
      }
      const mine = new Set(deps.user.keys('room:'));
      for (const id of store.roomIds()) if (!mine.has(id) || answer.gone.includes(id)) leave(id);
      for (const id of mine) {
        const place = answer.rooms[id];
        const room = store.room(id);
        const of = track(id);
        const good = room?.summary != null && place !== undefined && !place.reset && place.from <= room.seq && of.need === null;
        if (!good) {
          of.need = place?.from ?? 0;
          of.liveTo = place !== undefined && place.from >= place.head ? Math.max(place.head, 1) : 0;
        } else {
          of.liveTo = place.head <= room.seq ? place.head : 0;
          put({ ...room, sync: place.head > room.seq ? 'catching' : 'live' });
        }
        appear(id);
      }
    },
    event(event) {
      const of = track(event.room);
      const room = store.room(event.room);
      if (room?.summary != null && of.need === null && !of.filling && of.held.size === 0 && placeOf(room, event) === 'next') {
        applyOne(of, room, event);
        return;
      }
      if (room?.summary != null && of.need === null && placeOf(room, event) === 'old') return;
      of.held.set(event.seq, event);
      if (of.held.size > HELD_MOST) {
        of.held.clear();
        startAgain(of, event.seq);
      } else drain(of);
    },
    live(id, seq) {
      const of = track(id);
      of.liveTo = Math.max(of.liveTo, seq, 1);
      drain(of);
    },
    behind(id) {
      const room = store.room(id);
      track(id).liveTo = 0;
      if (room !== undefined && room.sync === 'live') put({ ...room, sync: 'catching' });
    },
    reset(id, from, epoch) {
      const room = store.room(id);
      // The snapshot that was fetched on joining may be here already: what follows from there is known to it.
      const beyond = room?.summary != null && track(id).need === null && room.epoch === epoch && room.seq >= from;
      if (beyond) return;
      startAgain(track(id), from);
      // A late `gone` of an earlier stay may have taken the room away when my state knew of this one already: nothing else brings it back.
      if (room === undefined && deps.user.get(stateKey.room(id)) !== null) appear(id);
    },
    gone: leave,
    membership(id) {
      const value = deps.user.get(stateKey.room(id)) as RoomStateValue | null;
      if (value === null) return leave(id);
      const room = store.room(id);
      // Away and back: what is here ends before the time away, and what was said then may not be mine to see.
      if (room?.summary != null && value.joinSeq > room.seq && value.joinSeq > room.summary.joinSeq && value.floor > 0) startAgain(track(id), value.joinSeq);
      else appear(id);
    },
    tookSummary(summary) {
      const of = track(summary.room);
      const room = store.room(summary.room);
      if (room === undefined || of.need === null) return;
      if (summary.seq < Math.max(of.need, joinedAt(summary.room))) return loader.load(of);
      started(of, room, startAtSummary(room, summary));
    },
    tookSnapshot(of, snapshot, tail) {
      const id = snapshot.room.room;
      // It was asked for in a stay that is over: who has left since must not see the room again.
      if (tracks.get(id) !== of) return true;
      const room = store.room(id) ?? deps.dress(loadingRoom(id, snapshot.room.epoch));
      if (of.need !== null || room.summary === null) {
        if (snapshot.room.seq < Math.max(of.need ?? 0, joinedAt(id))) return false;
        started(of, store.room(id), startAtSnapshot(room, snapshot));
        return true;
      }
      const joined = joinSnapshot(room, snapshot, tail);
      if (joined !== null) put(joined);
      else if (snapshot.room.seq > room.seq) started(of, room, startAtSnapshot(room, snapshot));
      else return false;
      return true;
    },
    forget: () => tracks.clear(),
  };
}
