// Fetches what rooms need over HTTP: summaries (many rooms in one call), snapshots, missing events. Knows nothing of order.
import { type AnyRoomEvent, LIMITS, ParleyError, type RoomSnapshot, type RoomSummary } from '@parley/protocol';
import type { SdkClock } from '../api.ts';
import { createBackOff } from '../net/back-off.ts';
import { asParleyError } from '../net/error-of.ts';
import type { Http } from '../net/http.ts';
import type { Track } from './room-sync.ts';

/** Ids in one call; more than that and all of mine are asked for. */
const IDS_MOST = 50;
/** Messages of a snapshot: what is unread and a little before it, within these. */
const SNAPSHOT_MESSAGES = 50;
const BEFORE_UNREAD = 10;

export interface RoomLoader {
  /** Makes the room's place good again: a snapshot when it is open, else its summary. Tries until it works, or `pause`. */
  load(track: Track): void;
  /** Events after `from`, at least one page, up to `until`; null when that are more than may be asked for or the call failed for a reason of the server's. */
  events(track: Track, from: number, until: number): Promise<readonly AnyRoomEvent[] | null>;
  /** Fetches the snapshot and hands it over, once; joined by those who ask meanwhile. Throws ParleyError. */
  open(track: Track): Promise<void>;
  /** Summaries as they are now, for what a summary alone can tell. */
  summaries(ids: readonly string[]): Promise<readonly RoomSummary[]>;
  /** Resolves when the summaries asked for so far were tried. */
  settled(): Promise<void>;
  /** No connection: what waits for another try is forgotten (resume asks again). */
  pause(): void;
}

export interface RoomLoaderDeps {
  readonly http: Http;
  readonly clock: SdkClock;
  readonly random: () => number;
  readonly tookSummary: (summary: RoomSummary) => void;
  readonly tookSnapshot: (track: Track, snapshot: RoomSnapshot, tail: readonly AnyRoomEvent[]) => boolean;
  /** How many messages of the room are unread, as far as is known. */
  readonly unread: (room: string) => number;
  readonly onError: (error: ParleyError) => void;
}

export function createRoomLoader(deps: RoomLoaderDeps): RoomLoader {
  const wanted = new Set<string>();
  const opening = new Map<Track, Promise<void>>();
  const backOff = createBackOff(deps.random);
  let running: Promise<void> | null = null;
  const retries = new Set<() => void>();
  let tries = 0;

  const again = (error: ParleyError, work: () => void) => {
    const cancel = deps.clock.after(backOff.next(error.retryAfterMs), () => {
      retries.delete(cancel);
      work();
    });
    retries.add(cancel);
  };

  const summaries = async (ids: readonly string[]): Promise<readonly RoomSummary[]> => {
    const query = ids.length > IDS_MOST ? {} : { ids: ids.join(',') };
    return (await deps.http.call<{ rooms: RoomSummary[] }>('/api/me/rooms', { query })).rooms;
  };

  const run = async (): Promise<void> => {
    // After this turn, so that the rooms of one answer go in one call.
    await Promise.resolve();
    while (wanted.size > 0) {
      const ids = [...wanted];
      wanted.clear();
      try {
        const asked = new Set(ids);
        for (const summary of await summaries(ids)) if (asked.has(summary.room)) deps.tookSummary(summary);
        // A summary older than needed is asked for again, but not in a circle.
        if (wanted.size === 0) backOff.reset();
        else if (++tries > 3) throw new ParleyError('unavailable', 'The server answers with an older state than it has told of.');
      } catch (thrown) {
        tries = 0;
        for (const id of ids) wanted.add(id);
        const error = asParleyError(thrown);
        deps.onError(error);
        again(error, start);
        break;
      }
    }
    // In the turn in which nothing more was found to do: no wish can fall between.
    running = null;
  };
  const start = () => {
    running ??= run();
  };

  const open = (track: Track): Promise<void> => {
    let now = opening.get(track);
    if (now === undefined) {
      now = openOnce(track).finally(() => opening.delete(track));
      opening.set(track, now);
    }
    return now;
  };
  const openOnce = async (track: Track): Promise<void> => {
    for (let tried = 0; tried < 3; tried++) {
      const tail: AnyRoomEvent[] = [];
      track.tails.add(tail);
      try {
        const limit = Math.min(LIMITS.historyPage, Math.max(SNAPSHOT_MESSAGES, deps.unread(track.id) + BEFORE_UNREAD));
        const snapshot = await deps.http.call<RoomSnapshot>(`/api/rooms/${track.id}/snapshot`, { query: { limit } });
        if (deps.tookSnapshot(track, snapshot, tail)) return;
      } finally {
        track.tails.delete(tail);
      }
    }
    throw new ParleyError('unavailable', 'The server answers with an older state than it has told of.', { retryAfterMs: 1_000 });
  };

  const load = (track: Track): void => {
    if (!track.opened) {
      wanted.add(track.id);
      start();
      return;
    }
    open(track).catch((error: ParleyError) => {
      deps.onError(error);
      if (track.need !== null && error.row.retry) again(error, () => load(track));
    });
  };

  return {
    load,
    async events(track, from, until) {
      const events: AnyRoomEvent[] = [];
      let after = from;
      while (after < until) {
        if (events.length >= LIMITS.resumeEvents) return null;
        try {
          const query = { after, limit: LIMITS.eventsPage };
          const page = await deps.http.call<{ events: AnyRoomEvent[]; head: number }>(`/api/rooms/${track.id}/events`, { query });
          const last = page.events.at(-1);
          if (last === undefined || last.seq <= after) break;
          events.push(...page.events);
          after = last.seq;
        } catch (thrown) {
          const error = asParleyError(thrown);
          if (error.code === 'not_member' || error.code === 'forbidden' || error.code === 'not_found' || error.code === 'unauthenticated') throw error;
          return null;
        }
      }
      return events;
    },
    open,
    summaries,
    async settled() {
      while (running !== null) await running;
    },
    pause() {
      for (const cancel of retries) cancel();
      retries.clear();
      wanted.clear();
      backOff.reset();
      tries = 0;
    },
  };
}
