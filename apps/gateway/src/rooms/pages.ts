// Older events of rooms for sockets that catch up: aligned pages, read and encoded once for all who want them.
// A page says nothing about rights: the hub checks them and never writes past its own head.
import type { Clock } from '@parley/ports';
import type { AnyRoomEvent, ServerFrame } from '@parley/protocol';
import type { Codec, ReadyBytes } from '../client-socket.ts';
import { join } from './ring.ts';

export const PAGE_EVENTS = 128;
/** Deletions redact what was posted: a page is not handed out from memory for longer than this. */
const PAGE_AGE_MS = 10_000;

export interface PageEntry {
  readonly seq: number;
  readonly bytes: ReadyBytes;
  /** Whom this event takes out of the room. */
  readonly removes: string | null;
}

export interface Page {
  readonly entries: readonly PageEntry[];
  /** All of it joined: what nearly everybody gets. */
  readonly joined: ReadyBytes | null;
}

export interface PagesDeps {
  readonly clock: Clock;
  readonly codec: Codec;
  /** Events with seq in (after, after + limit]. */
  readonly read: (room: string, after: number, limit: number) => Promise<readonly AnyRoomEvent[]>;
  /** Pages held in memory. Default 128. */
  readonly maxPages?: number;
}

/** Whom the event takes out of the room, if anybody. */
export const removedBy = (event: AnyRoomEvent): string | null =>
  event.type === 'member.left' || event.type === 'member.removed' ? (event.body as { user: string }).user : null;

export class Pages {
  private readonly deps: PagesDeps;
  private readonly cached = new Map<string, { page: Promise<Page>; at: number }>();

  constructor(deps: PagesDeps) {
    this.deps = deps;
  }

  /**
   * The page that holds event seq + 1, with everything of it up to `head`. Single-flight. The last page of a room grows: it is kept, and
   * read again only for who needs more of it.
   */
  async after(room: string, seq: number, head: number): Promise<Page> {
    const start = seq - (seq % PAGE_EVENTS);
    const key = `${room}:${start}`;
    const hit = this.cached.get(key);
    if (hit !== undefined && this.deps.clock.monotonic() - hit.at <= PAGE_AGE_MS) {
      const page = await hit.page;
      if ((page.entries.at(-1)?.seq ?? start) >= Math.min(head, start + PAGE_EVENTS)) return page;
      // Somebody else may have asked for more of it meanwhile.
      const newer = this.cached.get(key);
      if (newer !== undefined && newer !== hit) return newer.page;
    }
    return this.read(room, start, key);
  }

  /** What holds this event is read anew: it was redacted. */
  forget(room: string, seq: number): void {
    const index = Math.max(0, seq - 1);
    this.cached.delete(`${room}:${index - (index % PAGE_EVENTS)}`);
  }

  private async read(room: string, start: number, key: string): Promise<Page> {
    const page = this.load(room, start);
    this.cached.delete(key);
    this.cached.set(key, { page, at: this.deps.clock.monotonic() });
    this.evict();
    try {
      return await page;
    } catch (error) {
      if (this.cached.get(key)?.page === page) this.cached.delete(key);
      throw error;
    }
  }

  private async load(room: string, start: number): Promise<Page> {
    const events = await this.deps.read(room, start, PAGE_EVENTS);
    const entries = events.map((event) => ({
      seq: event.seq,
      bytes: this.deps.codec.encode('event', event as ServerFrame<'event'>),
      removes: removedBy(event),
    }));
    return { entries, joined: entries.length === 0 ? null : join(entries.map((entry) => entry.bytes)) };
  }

  private evict(): void {
    for (const key of this.cached.keys()) {
      if (this.cached.size <= (this.deps.maxPages ?? 128)) return;
      this.cached.delete(key);
    }
  }
}
