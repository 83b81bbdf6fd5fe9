// One device of one person: stays connected as the protocol asks (places on resume; `reset`, `behind`, `gone` and `bye` followed), says things until
// they have a result, and counts what came lost, twice, late or past a gap. It repairs no gap: a gap that Parley leaves is what is looked for.
import type { MemberCommand, RoomSnapshot, ServerFrame } from '@parley/protocol';
import { count, measure } from '../counts.ts';
import { Outbox, type Said } from './outbox.ts';
import type { Person } from './person.ts';
import { RoomPlace } from './places.ts';
import { connectSio, type Sio } from './sio.ts';

/** A try that is not through with `resume` after this long is given up. */
const OPEN_MS = 15_000;
const BACK_OFF_MS = { first: 500, most: 10_000 } as const;
const RESEND_MS = 5_000;

export interface MemberHooks {
  /** An event that came in its turn, live or caught up. */
  readonly event?: (member: Member, event: ServerFrame<'event'>, live: boolean) => void;
  readonly presence?: (member: Member, list: ServerFrame<'presence'>) => void;
  /** Signed in and resumed, for the first time or again. */
  readonly online?: (member: Member) => void;
  /** Everything that is written down for the checker. */
  readonly saw?: (member: Member, observation: object) => void;
  /** Where the time from saying to getting goes beside `deliver_ms`. */
  readonly delivered?: (member: Member, ms: number, now: number) => void;
}

const FILLER = 'so that was the thing about the other one and what it does when nobody looks ';

/** Text of about `chars` that says when it was said; `-`: nobody can measure from there, since it was said offline. */
const textOf = (at: number | '-', chars: number): string => `k6 ${at} ${FILLER.repeat(Math.ceil(chars / FILLER.length))}`.slice(0, Math.max(20, chars));

export class Member {
  readonly person: Person;
  /** Differs for each device. */
  readonly name: string;
  readonly rooms: readonly string[];
  readonly places = new Map<string, RoomPlace>();
  readonly outbox = new Outbox<MemberCommand>();
  private readonly hooks: MemberHooks;
  private sio: Sio | null = null;
  private epoch = '';
  private ver: number | null = null;
  private gateway: string | null = null;
  private wanted = false;
  private resumed = false;
  private tries = 0;
  private cutAt: number | null = null;
  private bye: ServerFrame<'bye'> | null = null;
  private behindIn = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | null = null;
  /** Counts the tries: an answer to an earlier one is not for this one. */
  private turn = 0;

  constructor(person: Person, name: string, rooms: readonly string[], hooks: MemberHooks = {}) {
    this.person = person;
    this.name = name;
    this.rooms = rooms;
    this.hooks = hooks;
  }

  get online(): boolean {
    return this.resumed;
  }

  /** Came in and has not left: what it lacks is lost. */
  get here(): boolean {
    return this.wanted;
  }

  /** Comes online, and stays so until `leave`. */
  enter(): void {
    if (this.wanted) return;
    this.wanted = true;
    void this.open();
  }

  leave(): void {
    this.wanted = false;
    this.clearTimer();
    this.sio?.close();
    this.ended('left');
  }

  /** The connection ends now, from this side; comes back after `waitMs`. */
  cut(waitMs: number): void {
    if (!this.resumed) return;
    count('cut');
    this.bye = null;
    this.sio?.close();
    this.ended('cut', waitMs);
  }

  /** Says something. Durable or not, it is sent again until it has a result. */
  post(room: string, chars = 60): Said<MemberCommand> {
    const now = Date.now();
    const command: MemberCommand = { type: 'message.post', room, clientId: crypto.randomUUID(), body: { text: textOf(this.resumed ? now : '-', chars) } };
    const said = this.outbox.add(command.clientId, command, now);
    count('sent');
    if (this.resumed) this.send(said);
    return said;
  }

  typing(room: string, on: boolean): void {
    if (this.resumed) this.sio?.emit('typing', { room, on });
  }

  /** Marks the newest seen event as read; `n` counts up for each mark of this person in this room. */
  read(room: string, n: number): void {
    const seq = this.places.get(room)?.seq ?? 0;
    if (this.resumed && seq > 0) this.sio?.emit('read', { room, seq, n }, () => {});
  }

  /** Whose presence is told from now on, to `hooks.presence`, beginning with how it is. */
  watch(people: readonly string[]): void {
    this.sio?.emit('watch', { people: [...people] }, (answer) => {
      if (answer.ok) this.hooks.presence?.(this, answer.presence);
    });
  }

  /** Once a second: what has had no answer is sent again, and the token renewed before it ends. */
  tick(): void {
    if (!this.resumed) return;
    const now = Date.now();
    for (const said of this.outbox.due(now - RESEND_MS)) this.send(said);
    if (!this.person.stale) return;
    const sio = this.sio;
    this.person.token().then(
      (token) => sio?.emit('auth', { token }, () => {}),
      () => {},
    );
  }

  private send(said: Said<MemberCommand>): void {
    const sio = this.sio;
    if (sio === null) return;
    const sentAt = Date.now();
    said.sentAt = sentAt;
    said.attempts++;
    if (said.attempts > 1) count('resent');
    // No answer in time, or it was lost with the connection.
    if (said.attempts > 1 && !said.accepted && !said.refused) count('failed_sends');
    said.refused = false;
    this.hooks.saw?.(this, { kind: 'invoke', command: said.command, attempt: said.attempts });
    sio.emit('send', said.command, (answer) => {
      if (answer.ok) {
        measure('ack_ms', Date.now() - sentAt);
        if (!said.accepted) count('accepted');
        said.accepted = true;
        this.hooks.saw?.(this, { kind: 'accepted', room: said.command.room, clientId: said.clientId });
        return;
      }
      count('failed_sends');
      said.refused = true;
      const { error } = answer;
      const again = ['slow_down', 'unavailable', 'overloaded', 'draining', 'internal', 'token_expired'].includes(error.code);
      this.hooks.saw?.(this, {
        kind: error.code === 'unavailable' || error.code === 'internal' ? 'unknown' : 'refused',
        room: said.command.room,
        clientId: said.clientId,
        error,
      });
      // Sent again by `tick`, when its time has come.
      if (again) said.sentAt = Date.now() - RESEND_MS + Math.max(200, error.retryAfterMs ?? 1_000);
      else if (this.outbox.drop(said.clientId)) count('rejected');
    });
  }

  private async open(): Promise<void> {
    const turn = ++this.turn;
    try {
      const [url, token] = await Promise.all([this.person.where(this.gateway), this.person.token()]);
      if (turn !== this.turn || !this.wanted) return;
      this.dial(url, token);
    } catch {
      if (turn === this.turn) this.ended('no answer');
    }
  }

  private dial(url: string, token: string): void {
    const turn = this.turn;
    const began = Date.now();
    const mine =
      <T>(take: (payload: T) => void) =>
      (payload: T): void => {
        if (turn === this.turn) take(payload);
      };
    const seen = <T>(name: string, take: (payload: T) => void) =>
      mine<T>((payload) => {
        this.hooks.saw?.(this, { kind: 'frame', name, payload });
        take(payload);
      });
    this.timer = setTimeout(() => turn === this.turn && !this.resumed && this.giveUp('not resumed in time'), OPEN_MS);
    this.sio = connectSio(url, token, {
      connected: () => {
        if (turn !== this.turn) return;
        measure('connect_ms', Date.now() - began);
        this.resume(turn);
      },
      closed: (reason) => turn === this.turn && this.ended(reason),
      frames: {
        hello: seen('hello', (hello) => {
          this.gateway = url;
          this.epoch = hello.epoch;
          this.hooks.saw?.(this, { kind: 'connected', gateway: hello.gateway });
        }),
        event: seen('event', (event) => this.event(event)),
        live: seen('live', ({ room }) => this.caughtUp(room)),
        behind: seen('behind', () => count('behind')),
        reset: seen('reset', ({ room, from }) => this.reset(room, from)),
        gone: seen('gone', () => count('gone')),
        bye: seen('bye', (bye) => {
          count('bye');
          this.bye = bye;
        }),
        result: seen('result', ({ clientId, status, seq }) => {
          if (status === 'rejected') {
            if (this.outbox.drop(clientId)) count('rejected');
          } else if (seq !== undefined) this.committed(clientId, seq);
        }),
        state: seen('state', ({ changes }) => {
          for (const { ver } of changes) this.ver = Math.max(this.ver ?? 0, ver);
        }),
        presence: seen('presence', (list) => this.hooks.presence?.(this, list)),
      },
    });
  }

  private resume(turn: number): void {
    const places: Record<string, { epoch: string; seq: number }> = {};
    for (const [room, place] of this.places) places[room] = { epoch: this.epoch, seq: place.resumeFrom };
    const asked = Date.now();
    this.sio?.emit('resume', { me: this.ver, rooms: places }, (answer) => {
      if (turn !== this.turn) return;
      if (!answer.ok) return this.giveUp(`resume refused: ${answer.error.code}`);
      measure('resume_ms', Date.now() - asked);
      this.epoch = answer.epoch;
      this.ver = answer.me.ver;
      this.behindIn = new Set(this.rooms);
      count('gone', answer.gone.length);
      for (const room of this.rooms) {
        const from = answer.rooms[room];
        if (from === undefined) continue;
        if (!this.places.has(room)) {
          // What was before it is history, as if a snapshot at this place had been read.
          this.places.set(room, new RoomPlace(from.from));
          this.hooks.saw?.(this, { kind: 'snapshot', room, seq: from.from, epoch: answer.epoch });
        } else if (from.reset) this.reset(room, from.from);
      }
      this.back();
    });
  }

  /** Online (again): what has no result goes out once more. */
  private back(): void {
    this.clearTimer();
    this.resumed = true;
    this.tries = 0;
    count(this.cutAt === null ? 'connected' : 'reconnected');
    if (this.cutAt !== null) measure('back_ms', Date.now() - this.cutAt);
    for (const said of this.outbox.due(Number.POSITIVE_INFINITY)) this.send(said);
    this.hooks.online?.(this);
    if (this.behindIn.size === 0) this.done();
  }

  private caughtUp(room: string): void {
    if (this.behindIn.delete(room) && this.behindIn.size === 0) this.done();
  }

  private done(): void {
    if (this.cutAt !== null) measure('complete_ms', Date.now() - this.cutAt);
    this.cutAt = null;
  }

  private event(event: ServerFrame<'event'>): void {
    const place = this.places.get(event.room);
    if (place === undefined) return;
    const step = place.take(event.seq);
    if (step === 'doubled') {
      count('doubled');
      return;
    }
    if (step === 'reordered') count('reordered');
    else this.hooks.saw?.(this, { kind: 'applied', event });
    if (event.clientId !== null && event.author === this.person.user) this.committed(event.clientId, event.seq);
    const live = !this.behindIn.has(event.room);
    if (event.type === 'message.posted') {
      count('delivered');
      if (live) this.delivered(event);
      else count('caught_up');
    }
    this.hooks.event?.(this, event, live);
  }

  /** The room's own clock and the generator's differ: the time is in the text. */
  private delivered(event: ServerFrame<'event'>): void {
    const text = (event.body as { text?: unknown }).text;
    if (typeof text !== 'string' || !text.startsWith('k6 ')) return;
    const now = Date.now();
    const ms = now - Number(text.slice(3, text.indexOf(' ', 3)));
    if (!(ms >= 0)) return;
    measure('deliver_ms', ms, now);
    this.hooks.delivered?.(this, ms, now);
  }

  private committed(clientId: string, seq: number): void {
    if (this.outbox.committed(clientId, seq) === 'doubled') count('doubled');
  }

  /** Position first, then state: the snapshot stands at `from` or later, and what is newer comes as events. */
  private reset(room: string, from: number): void {
    count('reset');
    const place = this.places.get(room);
    if (place === undefined) return;
    // What comes next is from + 1; until the snapshot is there, what it covers counts as missing.
    const before = place.resumeFrom;
    const turn = this.turn;
    place.jump(from);
    this.person.get<RoomSnapshot>(`/api/rooms/${room}/snapshot?limit=50`, '/api/rooms/:id/snapshot').then(
      (snapshot) => {
        if (snapshot !== null && snapshot.room.seq >= from) {
          this.hooks.saw?.(this, { kind: 'snapshot', room, seq: from, epoch: this.epoch });
          return;
        }
        // An old snapshot is a loss; none at all is tried again with the next connection.
        if (snapshot !== null) count('gaps', from - Math.max(before, snapshot.room.seq));
        else if (turn === this.turn) this.giveUp('no snapshot');
      },
      () => turn === this.turn && this.giveUp('no snapshot'),
    );
  }

  private giveUp(reason: string): void {
    this.sio?.close();
    this.ended(reason);
  }

  private ended(reason: string, waitMs?: number): void {
    this.turn++;
    this.sio = null;
    this.clearTimer();
    const wasOnline = this.resumed;
    this.resumed = false;
    const now = Date.now();
    if (wasOnline) {
      this.hooks.saw?.(this, { kind: 'disconnected', reason });
      this.cutAt ??= now;
    } else if (this.wanted) count('connect_failed');
    const { bye } = this;
    this.bye = null;
    if (!this.wanted) {
      this.cutAt = null;
      return;
    }
    const most = Math.min(BACK_OFF_MS.most, BACK_OFF_MS.first * 2 ** this.tries++);
    const wait = waitMs ?? bye?.retryAfterMs ?? Math.random() * most;
    this.timer = setTimeout(() => void this.open(), wait);
  }

  private clearTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}
