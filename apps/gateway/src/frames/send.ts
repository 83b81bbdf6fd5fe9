// The `send` frame: a member's command goes into the log, and only then is it accepted. The gateway refuses what is cheap and certain;
// everything else is decided by messages. The author is who the token says, never who the frame says.
import type { Clock, EventLog } from '@parley/ports';
import { LogUnavailable } from '@parley/ports';
import { encodeRecord, type MemberCommand, ParleyError, partitionOf, type RoomCommand, TOPICS } from '@parley/protocol';
import { type Logger, NO_SPAN, type Span, type Tracing } from '@parley/runtime';
import type { Session } from '../session.ts';
import { SendOrder } from './send-order.ts';

const RETRY_AFTER_MS = 1_000;

export interface SendDeps {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: { readonly appends: number; readonly appendMs: number };
  /** Takes one of the room's rate: 0, or the ms to wait. */
  readonly takeRoom: (room: string) => number;
  readonly inFlightOf: (session: Session) => number;
  readonly tracing: Tracing;
  /** May this user have one more of their messages followed? Following costs, so asking for it is limited. */
  readonly mayTrace: (session: Session) => boolean;
  /** This worker's name, for traces. */
  readonly worker: string;
  /** Is the user certainly no member, by a question asked now? Never throws: unsure is `false`. */
  readonly isStranger: (session: Session, room: string) => Promise<boolean>;
}

export class Sender {
  private readonly deps: SendDeps;
  private partitions: Promise<number> | null = null;
  /** Commands of one socket and room that wait for a membership question: the later ones queue behind it. */
  private readonly gates = new Map<Session, Map<string, Promise<boolean>>>();
  private readonly order: SendOrder;
  private inFlight = 0;
  failing = false;

  constructor(deps: SendDeps) {
    this.deps = deps;
    this.order = new SendOrder(deps.clock, RETRY_AFTER_MS);
  }

  /** Resolves when the command is durable. Throws ParleyError: slow_down, overloaded, not_member, or unavailable (not known). */
  async send(session: Session, command: MemberCommand): Promise<void> {
    const span = this.follow(session, command);
    if (span === NO_SPAN) return this.take(session, command, span);
    try {
      await this.take(session, command, span);
      span.set({ outcome: 'accepted' });
      span.end();
    } catch (error) {
      span.end(error instanceof ParleyError ? error.code : 'internal');
      throw error;
    }
  }

  private follow(session: Session, { trace, room, clientId }: MemberCommand): Span {
    const { tracing, worker } = this.deps;
    if (trace !== undefined && this.deps.mayTrace(session)) return tracing.span('gateway.accept', trace, { room, clientId, worker });
    return tracing.sample() ? tracing.root('gateway.accept', { room, clientId, worker }) : NO_SPAN;
  }

  private async take(session: Session, command: MemberCommand, span: Span): Promise<void> {
    if (session.inFlight >= this.deps.inFlightOf(session))
      throw new ParleyError('slow_down', 'Too many of your commands are in flight.', { retryAfterMs: 200 });
    if (this.inFlight >= this.deps.limits.appends) throw new ParleyError('overloaded', 'Too many commands are in flight.', { retryAfterMs: RETRY_AFTER_MS });
    this.order.check(session, command);
    const waitMs = this.deps.takeRoom(command.room);
    if (waitMs > 0) throw new ParleyError('slow_down', 'Too much is being said in this room.', { retryAfterMs: waitMs });
    session.inFlight += 1;
    this.inFlight += 1;
    const appended = this.admitAndAppend(session, command, span);
    // Counted until it is really over: what hangs must not be multiplied by those who try again.
    void appended.catch(() => {}).then(() => this.settled(session));
    try {
      await this.within(appended);
    } catch (error) {
      if (error instanceof ParleyError && error.row.outcome === 'unknown') this.order.failed(session, command);
      throw error;
    }
  }

  private async admitAndAppend(session: Session, command: MemberCommand, span: Span): Promise<void> {
    // Only who certainly may not is refused: a member, a socket that has not resumed and everybody unsure goes to messages.
    const gate = this.gates.get(session)?.get(command.room);
    if (gate !== undefined || (session.resume === 'done' && !session.seats.has(command.room))) {
      if (await (gate ?? this.ask(session, command.room))) throw new ParleyError('not_member');
    }
    const partition = partitionOf(command.room, await (this.partitions ?? this.readPartitions()));
    const append = this.deps.tracing.span('log.append', span.traceparent, { topic: TOPICS.roomCommand, partition });
    const record: RoomCommand = { ...command, v: 1, author: session.user, time: this.deps.clock.now(), trace: append.traceparent };
    try {
      await this.deps.log.append(TOPICS.roomCommand, [{ partition, key: command.room, value: encodeRecord(record) }]);
    } catch (error) {
      append.end('unavailable');
      throw error;
    }
    append.end();
    this.failing = false;
  }

  private ask(session: Session, room: string): Promise<boolean> {
    const rooms = this.gates.get(session) ?? new Map<string, Promise<boolean>>();
    this.gates.set(session, rooms);
    const asked = this.deps.isStranger(session, room).finally(() => {
      rooms.delete(room);
      if (rooms.size === 0) this.gates.delete(session);
    });
    rooms.set(room, asked);
    return asked;
  }

  private readPartitions(): Promise<number> {
    const asked = this.deps.log.ends(TOPICS.roomCommand).then((ends) => ends.partitions.length);
    this.partitions = asked;
    asked.catch(() => {
      this.partitions = null;
    });
    return asked;
  }

  private async within(appended: Promise<void>): Promise<void> {
    let late: { cancel(): void } | null = null;
    const deadline = new Promise<never>((_, reject) => {
      late = this.deps.clock.after(this.deps.limits.appendMs, () => reject(new LogUnavailable('The log did not answer in time.')));
    });
    try {
      await Promise.race([appended, deadline]);
    } catch (cause) {
      if (cause instanceof ParleyError) throw cause;
      this.failing = true;
      if (!(cause instanceof LogUnavailable)) this.deps.logger.error({ err: cause }, 'a command could not be appended');
      throw new ParleyError('unavailable', 'The log did not take the command in time.', { retryAfterMs: RETRY_AFTER_MS, cause });
    } finally {
      (late as { cancel(): void } | null)?.cancel();
    }
  }

  private settled(session: Session): void {
    session.inFlight -= 1;
    this.inFlight -= 1;
  }
}
