// The events of one room that somebody follows, from the feed to the sockets of this worker. There is none of these where nobody follows.
import { isTraceparent } from '@parley/protocol';
import type { Span, Tracing } from '@parley/runtime';
import type { Session } from '../session.ts';

/** Names of sockets and users that one span says. */
const NAMES_MAX = 1_000;
/** Followed events of one room that wait for what comes before them. */
const WAITING_MAX = 100;

/** One flush while it is written. */
export interface FollowedFlush {
  wrote(session: Session): void;
  /** It could not take it now, and gets it later. */
  fellBehind(): void;
  end(): void;
}

export class Followed {
  private readonly waiting = new Map<number, Span>();
  private pending: Span[] = [];

  /** What the feed said beside the events: seq -> traceparent. What is at `head` or before was written already. */
  note(traces: object, head: number, { tracing, room, worker }: { readonly tracing: Tracing; readonly room: string; readonly worker: string }): void {
    for (const [key, trace] of Object.entries(traces)) {
      const seq = Number(key);
      if (!(seq > head) || !isTraceparent(trace) || this.waiting.has(seq) || this.waiting.size >= WAITING_MAX) continue;
      this.waiting.set(seq, tracing.span('gateway.write', trace, { room, seq, worker }));
    }
  }

  /** It is the room's turn for this event. `live`: there are sockets that the next flush writes it to; `catching`: so many get it later. */
  applied(seq: number, live: boolean, catching: number): void {
    const span = this.waiting.get(seq);
    if (span === undefined) return;
    this.waiting.delete(seq);
    if (catching > 0) span.set({ behind: catching });
    if (live) this.pending.push(span);
    else {
      span.set({ sockets: 0 });
      span.end();
    }
  }

  /** null: nothing that is followed is in this flush. */
  flush(): FollowedFlush | null {
    if (this.pending.length === 0) return null;
    const spans = this.pending;
    this.pending = [];
    const socketIds: string[] = [];
    const users: string[] = [];
    let sockets = 0;
    let behind = 0;
    return {
      wrote(session) {
        sockets += 1;
        if (sockets > NAMES_MAX) return;
        socketIds.push(session.socket.id);
        users.push(session.user);
      },
      fellBehind() {
        behind += 1;
      },
      end() {
        for (const span of spans) {
          span.set({ sockets, socketIds, users, ...(behind === 0 ? {} : { behind }) });
          span.end();
        }
      },
    };
  }
}
