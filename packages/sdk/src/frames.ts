// From a frame to the part that it is for, and from a key of my state to what it shows. Order of frames is the connection's business.

import type { CommandResult } from '@parley/protocol';
import { ERRORS, LIMITS, type MyChanges, type Position, type ResumeAnswer, type ResumeRequest, stateKey } from '@parley/protocol';
import type { RoomState, SdkClock } from './api.ts';
import type { Frames } from './connection.ts';
import type { PeopleBook } from './me/people.ts';
import type { UserState } from './me/user-state.ts';
import { asParleyError } from './net/error-of.ts';
import type { Http } from './net/http.ts';
import type { ReadMarks } from './rooms/read-marks.ts';
import { NO_DRAFT } from './rooms/room-state.ts';
import type { RoomSync } from './rooms/room-sync.ts';
import type { Typing } from './rooms/typing.ts';
import type { StateStore } from './state-store.ts';

/** Places in one resume: with about 105 bytes each they stay well within one frame. */
const PLACES_MOST = Math.min(LIMITS.resumeRooms, Math.floor((LIMITS.frameBytes * 0.8) / 105));

export interface FramesDeps {
  readonly store: StateStore;
  readonly user: UserState;
  readonly http: Http;
  readonly clock: SdkClock;
  readonly sync: RoomSync;
  readonly marks: ReadMarks;
  readonly people: PeopleBook;
  readonly typing: Typing;
  readonly result: (result: CommandResult) => void;
  /** `state`: my state changed. */
  readonly onChange: (what: 'state') => void;
  readonly report: (thrown: unknown) => void;
  readonly dress: (room: RoomState) => RoomState;
}

const REPAIR_AGAIN_MS = 1_000;

export const wireFrames = { create: createFrames, dress: createDress };

/** Puts on a room what my state says of it: mute and draft. */
function createDress(user: UserState): (room: RoomState) => RoomState {
  return (room) => {
    const muted = (user.get(stateKey.mute(room.id)) as { muted?: boolean } | null)?.muted === true;
    const kept = user.get(stateKey.draft(room.id)) as { text?: string; replyTo?: number | null } | null;
    const draft = kept === null ? NO_DRAFT : { text: kept.text ?? '', replyTo: kept.replyTo ?? null };
    const same = draft.text === room.draft.text && draft.replyTo === room.draft.replyTo;
    return same && muted === room.muted ? room : { ...room, muted, draft: same ? room.draft : draft };
  };
}

function createFrames(deps: FramesDeps) {
  const { store, user, sync } = deps;
  let repairing = false;
  /** More was missed while the answer was under way: it may be older than that. */
  let missedMore = false;
  let paused = true;
  let cancelAgain: () => void = () => {};

  const showPrefs = () => store.set({ prefs: new Map(user.keys('pref:').map((name) => [name, user.get(`pref:${name}`)])) });
  const keys = (changed: ReadonlySet<string>) => {
    let prefs = false;
    for (const key of changed) {
      const colon = key.indexOf(':');
      const [kind, room] = [key.slice(0, colon), key.slice(colon + 1)];
      if (kind === 'pref') prefs = true;
      else if (kind === 'room') sync.membership(room);
      else if (kind === 'read') deps.marks.told(room);
      else {
        const before = store.room(room);
        if (before !== undefined) store.setRoom(deps.dress(before));
      }
    }
    if (prefs) showPrefs();
    if (changed.size > 0) deps.onChange('state');
  };
  /** A version is missing: ask for all after ours, until it is answered or a resume has told it. */
  const repair = () => {
    if (repairing) {
      missedMore = true;
      return;
    }
    repairing = true;
    missedMore = false;
    cancelAgain();
    deps.http
      .call<MyChanges>('/api/me/changes', { query: { after: user.ver() ?? 0 } })
      .then((changes) => keys(user.merge(changes)))
      .catch((thrown: unknown) => {
        deps.report(thrown);
        if (!paused && ERRORS[asParleyError(thrown).code].retry) cancelAgain = deps.clock.after(REPAIR_AGAIN_MS, repair);
      })
      .finally(() => {
        repairing = false;
        if (missedMore && !paused) repair();
      });
  };

  const handlers: Frames = {
    event: sync.event,
    live: ({ room, seq }) => sync.live(room, seq),
    behind: ({ room }) => sync.behind(room),
    reset: ({ room, from, epoch }) => sync.reset(room, from, epoch),
    gone: ({ room }) => sync.gone(room),
    state({ changes }) {
      const { changed, gap } = user.apply(changes);
      keys(changed);
      if (gap) repair();
    },
    result: deps.result,
    typing: ({ room, user: who, on }) => deps.typing.heard(room, who, on),
    presence: deps.people.presence,
    person: ({ user: who, ver }) => deps.people.changed(who, ver),
  };

  return {
    handlers,
    keys,
    showPrefs,
    /** What is told at resume: my version, and the places that are good. A room that is not named is answered with its head. */
    places(): ResumeRequest {
      const rooms: Record<string, Position> = {};
      let named = 0;
      for (const id of store.roomIds()) {
        const room = store.room(id);
        if (room?.summary == null || sync.track(id).need !== null || named === PLACES_MOST) continue;
        rooms[id] = { epoch: room.epoch, seq: room.seq };
        named++;
      }
      return { me: user.ver(), rooms };
    },
    /** The connection is gone: the next one tells what is missing. */
    pause(): void {
      paused = true;
      cancelAgain();
    },
    resumed(answer: ResumeAnswer): void {
      paused = false;
      const changed = user.merge(answer.me);
      sync.resumed(answer);
      keys(changed);
    },
  };
}
