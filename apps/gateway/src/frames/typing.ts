// Who is typing, from the socket to the feed and from the feed to the room's live sockets. Never logged, never queued, ends by itself.
import type { Clock, Feed, Timer } from '@parley/ports';
import { channelOf, type FeedNow } from '@parley/protocol';
import type { Codec, ReadyBytes } from '../client-socket.ts';
import type { Hub } from '../rooms/hub.ts';
import type { Session } from '../session.ts';

/** A typer says it again at every key press; more often than this it is not passed on. */
const THROTTLE_MS = 2_000;
/** Not said again for this long: over. */
const OFF_MS = 6_000;

export interface TypingDeps {
  readonly feed: Feed;
  readonly clock: Clock;
  readonly codec: Codec;
}

export class Typing {
  private readonly deps: TypingDeps;
  /** Of local sockets, by session and room: when it was passed on. */
  private readonly said = new WeakMap<Session, Map<string, number>>();
  /** Shown to local sockets, by room and user. */
  private readonly shown = new Map<string, Timer>();
  private quiet = false;

  constructor(deps: TypingDeps) {
    this.deps = deps;
  }

  /** While the worker has too much to do nobody begins to type, here or elsewhere; who was seen typing is seen to end. */
  setQuiet(quiet: boolean): void {
    this.quiet = quiet;
  }

  /** A member's frame. A socket that does not sit in the room says nothing there. */
  say(session: Session, room: string, on: boolean): void {
    if (!session.seats.has(room) || (on && this.quiet)) return;
    const said = this.said.get(session) ?? new Map<string, number>();
    this.said.set(session, said);
    const now = this.deps.clock.monotonic();
    const last = said.get(room);
    if (on && last !== undefined && now - last < THROTTLE_MS) return;
    if (!on && last === undefined) return;
    if (on) said.set(room, now);
    else said.delete(room);
    this.publish(room, session.user, on);
  }

  /** The socket is gone: what it was typing is over. */
  end(session: Session): void {
    for (const room of this.said.get(session)?.keys() ?? []) this.publish(room, session.user, false);
    this.said.delete(session);
  }

  /** From the feed, for the sockets of one room. */
  receive(hub: Hub, payload: unknown): void {
    const { room, typing, on } = (payload ?? {}) as Partial<FeedNow>;
    if (room !== hub.room || typeof typing !== 'string' || typeof on !== 'boolean' || (on && this.quiet)) return;
    const key = `${room} ${typing}`;
    const shown = this.shown.get(key);
    shown?.cancel();
    this.shown.delete(key);
    if (on) {
      const timer = this.deps.clock.after(OFF_MS, () => {
        this.shown.delete(key);
        this.show(hub, typing, false);
      });
      this.shown.set(key, timer);
    }
    if (on !== (shown !== undefined)) this.show(hub, typing, on);
  }

  stop(): void {
    for (const timer of this.shown.values()) timer.cancel();
    this.shown.clear();
  }

  private show(hub: Hub, user: string, on: boolean): void {
    let bytes: ReadyBytes | null = null;
    for (const { session } of hub.live) {
      if (session.user === user || !session.canTakeEphemera()) continue;
      bytes ??= this.deps.codec.encode('typing', { room: hub.room, user, on });
      session.socket.write(bytes);
    }
  }

  private publish(room: string, user: string, on: boolean): void {
    const payload: FeedNow = { room, typing: user, on };
    // Ephemeral: when the feed is away, nobody sees it.
    this.deps.feed.publish([{ channel: channelOf.now(room), payload }]).catch(() => {});
  }
}
