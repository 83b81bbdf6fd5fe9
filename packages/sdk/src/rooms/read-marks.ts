// Read marks: shown at once, sent a moment later (only the last of a burst), and told again on each connection until the server has
// them. Reading moves forward only; "mark as unread" is the one way back. A mark is a last-writer register by its counter `n`.
import { type ReadStateValue, stateKey } from '@parley/protocol';
import type { SdkClock } from '../api.ts';
import type { UserState } from '../me/user-state.ts';
import type { StateStore } from '../state-store.ts';
import type { RoomLoader } from './room-loader.ts';
import { isBefore, withOwnMark, withServerRead } from './room-state.ts';
import type { RoomSync } from './room-sync.ts';

const SEND_AFTER_MS = 250;
const AGAIN_MS = 5_000;
const TIMEOUT_MS = 10_000;
const NO_MARK = { n: 0, seq: 0 };

type Request = (name: string, payload: unknown, timeoutMs: number) => Promise<unknown>;

export interface ReadMarks {
  forward(room: string, seq: number | undefined): void;
  back(room: string, seq: number): void;
  /** `read:<room>` of my state changed. */
  told(room: string): void;
  /** The room began here: my state may know a newer mark than what it began with. */
  started(room: string): void;
  online(request: Request | null): void;
}

export interface ReadMarksDeps {
  readonly store: StateStore;
  readonly user: UserState;
  readonly sync: () => RoomSync;
  readonly loader: RoomLoader;
  readonly clock: SdkClock;
  readonly me: () => string;
  readonly onChange: (room: string) => void;
}

export function createReadMarks(deps: ReadMarksDeps): ReadMarks {
  const { store } = deps;
  const waiting = new Set<string>();
  /** Rooms whose mark could not be brought to their place yet. */
  const doubtful = new Map<string, () => void>();
  let cancel: (() => void) | null = null;
  let connection: Request | null = null;

  const serverRead = (room: string) => deps.user.get(stateKey.read(room)) as ReadStateValue | null;
  const isUntold = (room: string) => {
    const read = store.room(room)?.read;
    return read !== undefined && isBefore(serverRead(room) ?? NO_MARK, read);
  };
  const flush = () => {
    cancel = null;
    const request = connection;
    if (request === null) return;
    const rooms = [...waiting];
    waiting.clear();
    for (const room of rooms) {
      const read = store.room(room)?.read;
      if (read === undefined || !isUntold(room)) continue;
      request('read', { room, seq: read.seq, n: read.n }, TIMEOUT_MS).then(
        (ack) => {
          if ((ack as { ok?: unknown } | null)?.ok !== true) soon(room, AGAIN_MS);
        },
        // Not answered in time; the next connection tells it where this one has ended.
        () => connection === request && soon(room, AGAIN_MS),
      );
    }
  };
  const soon = (room: string, ms: number) => {
    waiting.add(room);
    cancel ??= deps.clock.after(ms, flush);
  };
  const move = (id: string, seq: number) => {
    const room = store.room(id);
    if (room?.summary == null) return;
    store.setRoom(withOwnMark(room, seq, deps.me()));
    deps.onChange(id);
    soon(id, SEND_AFTER_MS);
  };

  const told = (id: string): void => {
    doubtful.get(id)?.();
    doubtful.delete(id);
    const room = store.room(id);
    const read = serverRead(id);
    if (room?.summary == null || read === null) return;
    // Answered once and still not there: it came between two stays of mine, when no mark of mine was taken.
    if (isBefore(read, room.read)) soon(id, SEND_AFTER_MS);
    const next = withServerRead(room, read, deps.sync().track(id).recent, deps.me());
    if (next !== null) {
      store.setRoom(next);
      deps.onChange(id);
      return;
    }
    deps.loader.summaries([id]).then(
      ([summary]) => {
        const now = store.room(id);
        if (summary === undefined || now?.summary == null) return;
        const corrected = withServerRead(now, summary.read, deps.sync().track(id).recent, deps.me());
        if (corrected === null) return;
        store.setRoom(corrected);
        deps.onChange(id);
      },
      // Asked again, or at the next connection: nothing else would ever correct the number.
      () => doubtful.set(id, connection === null ? () => {} : deps.clock.after(AGAIN_MS, () => told(id))),
    );
  };

  return {
    forward(id, seq) {
      const room = store.room(id);
      const to = Math.min(seq ?? room?.seq ?? 0, room?.seq ?? 0);
      // At the mark with unread left is possible only while the number is being corrected.
      if (room !== undefined && to > room.read.seq) move(id, to);
    },
    back: (id, seq) => move(id, Math.max(0, seq - 1)),
    told,
    started(id) {
      const [here, there] = [store.room(id)?.read, serverRead(id)];
      if (here !== undefined && there !== null && (there.n > here.n || (there.n === here.n && there.seq > here.seq))) told(id);
    },
    online(request) {
      connection = request;
      if (request === null) {
        cancel?.();
        cancel = null;
        for (const stop of doubtful.values()) stop();
        return;
      }
      for (const id of [...doubtful.keys()]) told(id);
      for (const id of store.roomIds()) if (isUntold(id)) waiting.add(id);
      if (waiting.size > 0) flush();
    },
  };
}
