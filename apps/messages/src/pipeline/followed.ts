// Messages that somebody follows, on their way through this service: what is known of their traces is kept in memory only. After a crash
// the later hops of a trace are missing; the messages are not.
import type { CommittedEvent } from '@parley/protocol';
import type { Span, Tracing } from '@parley/runtime';
import type { Decided } from '../decide/batch.ts';
import type { Input, MemberInput } from '../decide/decode.ts';

/** Commits whose telling is to come; the oldest are forgotten first. */
const COMMITS_MAX = 10_000;

/** One followed command of a batch. */
interface FollowedCommand {
  readonly command: MemberInput;
  readonly span: Span;
}

const keyOf = (room: string, seq: number): string => `${room} ${seq}`;

/** (room, seq) -> the trace to go on with, for one that tells of commits. */
export class FollowedCommits {
  private readonly traces = new Map<string, string>();
  private readonly tracing: Tracing;

  constructor(tracing: Tracing) {
    this.tracing = tracing;
  }

  keep(room: string, seq: number, trace: string): void {
    this.traces.set(keyOf(room, seq), trace);
    if (this.traces.size > COMMITS_MAX) for (const oldest of this.traces.keys()) return void this.traces.delete(oldest);
  }

  /** A span of each of these events that is followed, by the event; null: none is. */
  begin(name: string, events: readonly CommittedEvent[]): ReadonlyMap<CommittedEvent, Span> | null {
    if (this.traces.size === 0) return null;
    const spans = new Map<CommittedEvent, Span>();
    for (const committed of events) {
      const { room, seq } = committed.event;
      const trace = this.traces.get(keyOf(room, seq));
      if (trace !== undefined) spans.set(committed, this.tracing.span(name, trace, { room, seq, partition: committed.partition, batch: events.length }));
    }
    return spans.size === 0 ? null : spans;
  }

  /** Told: the spans end, and nobody goes on from here. `error`: not told, and begun again later. */
  end(spans: ReadonlyMap<CommittedEvent, Span> | null, error?: string): void {
    for (const [{ event }, span] of spans ?? []) {
      if (error === undefined) this.traces.delete(keyOf(event.room, event.seq));
      span.end(error);
    }
  }
}

/** The followed commands of a batch that is being prepared; [] at nearly all times. */
export function beginDeciding(tracing: Tracing, inputs: readonly Input[]): readonly FollowedCommand[] {
  const followed: FollowedCommand[] = [];
  for (const input of inputs) {
    if (input.kind !== 'member' || input.command.trace === undefined) continue;
    const { room, clientId, trace } = input.command;
    const span = tracing.span('messages.decide', trace, { room, clientId, partition: input.record.partition, batch: inputs.length });
    if (span.traceparent !== undefined) followed.push({ command: input.command, span });
  }
  return followed;
}

/** Their commits begin. The answer ends them: with what came of each, kept for those who tell of it. */
export function beginCommit(tracing: Tracing, followed: readonly FollowedCommand[], batch: number, keepers: readonly FollowedCommits[]) {
  const commits = followed.map(({ command, span }) => {
    const { room, clientId } = command;
    return { command, span: tracing.span('messages.commit', span.traceparent, { room, clientId, batch }) };
  });
  return (decided: Decided | null): void => {
    for (const { command, span } of commits) {
      const { room, clientId, author } = command;
      const row = decided?.rows.events.find((event) => event.client_id === clientId && event.room === room && event.author === author);
      const answer = decided?.answers.find(({ user, result }) => result.clientId === clientId && result.room === room && user === author)?.result;
      if (row !== undefined) {
        span.set({ seq: row.seq, partition: row.partition, outcome: 'committed' });
        for (const keeper of keepers) keeper.keep(room, row.seq, span.traceparent as string);
      } else if (answer !== undefined) {
        // No event of this batch: refused, or decided by an earlier try.
        span.set({
          ...(answer.seq === undefined ? {} : { seq: answer.seq }),
          outcome: answer.status === 'committed' ? 'repeated' : (answer.code ?? 'rejected'),
        });
      }
      span.end(decided === null ? 'unavailable' : undefined);
    }
  };
}
