// Judges what people asked against what the rooms hold at the end: results (I1), phantoms (I2), order (I6, I7), and the log itself (I4).
import { isDeepStrictEqual } from 'node:util';
import type { AnyRoomEvent, MemberCommand, RoomEvent } from '@parley/protocol';
import { type FinalRoom, presentView } from './final-rooms.ts';
import { type Command, commandKey, type Observed } from './observed.ts';
import type { Violation } from './report.ts';

type Violate = (violation: Violation) => void;

/** The event of `clientId`s: key -> seqs in the final log. */
export type Committed = ReadonlyMap<string, readonly number[]>;

const EVENT_OF: Record<MemberCommand['type'], string> = {
  'message.post': 'message.posted',
  'message.edit': 'message.edited',
  'message.delete': 'message.deleted',
  'reaction.add': 'reaction.added',
  'reaction.remove': 'reaction.removed',
};

function sameAsAsked(asked: MemberCommand, event: RoomEvent): boolean {
  if (EVENT_OF[asked.type] !== event.type) return false;
  const is = event.body as Record<string, unknown>;
  return Object.entries(asked.body).every(([key, value]) => {
    const there = is[key] ?? null;
    // Deletion takes the text and the files out of the log: unknown then, not wrong.
    return isDeepStrictEqual(there, value ?? null) || ((key === 'text' || key === 'attachments') && is.text === null);
  });
}

function judgePhantom(event: AnyRoomEvent, observed: Observed, external: ReadonlySet<string>, violate: Violate): void {
  if (event.clientId === null || external.has(event.author)) return;
  const where = { room: event.room, user: event.author };
  const command = observed.commands.get(commandKey(event.room, event.author, event.clientId));
  if (command === undefined) violate({ invariant: 'I2', message: `Event ${event.seq} (${event.type}) was never asked for by its author.`, ...where });
  else if (!command.asked.some((asked) => sameAsAsked(asked, event as RoomEvent))) {
    violate({ invariant: 'I2', message: `Event ${event.seq} is not what its author asked for.`, ...where });
  } else if (command.refused >= command.attempts) {
    violate({ invariant: 'I2', message: `Event ${event.seq} was refused, and is there all the same.`, ...where });
  }
}

/** I4 over the log, I2 over every event of it. Answers where each client id ended. */
export function judgeLog(room: FinalRoom, observed: Observed, external: ReadonlySet<string>, violate: Violate): Committed {
  const committed = new Map<string, number[]>();
  const { events, from = 0 } = room.record;
  let msgNo = from === 0 ? 0 : Math.max(0, (events[0]?.msgNo ?? 0) - (events[0]?.type === 'message.posted' ? 1 : 0));
  events.forEach((event, i) => {
    const place = from + i + 1;
    if (event.seq !== place) violate({ invariant: 'I4', message: `The log is not dense: place ${place} holds seq ${event.seq}.`, room: event.room });
    if (event.type === 'message.posted') msgNo++;
    if (event.msgNo !== msgNo) {
      violate({ invariant: 'I4', message: `Event ${event.seq} has msgNo ${event.msgNo} instead of ${msgNo}.`, room: event.room });
      msgNo = event.msgNo;
    }
    judgePhantom(event, observed, external, violate);
    if (event.clientId === null) return;
    const key = commandKey(event.room, event.author, event.clientId);
    const seqs = committed.get(key);
    if (seqs === undefined) committed.set(key, [event.seq]);
    else seqs.push(event.seq);
  });
  return committed;
}

/** A departed client cannot have seen a rejection; but a post of somebody who was a member all the time cannot have been rejected. */
function cannotBeRejected(command: Command, room: FinalRoom): boolean {
  const view = presentView(room, command.author);
  const views = room.views.get(command.author) ?? [];
  return command.asked.length === 1 && command.asked[0]?.type === 'message.post' && view !== undefined && views.length === 1 && !room.wasArchived;
}

/** A reaction that is there already is committed without an event: its seq is the last change of the message it is about. */
function changedNothing(command: Command, room: FinalRoom): boolean {
  const event = room.record.events[(command.committedSeq ?? 0) - (room.record.from ?? 0) - 1];
  return command.asked.some(({ type, body }) => {
    const target = 'target' in body ? body.target : 0;
    return type.startsWith('reaction.') && event !== undefined && (event.seq === target || (event.body as { target?: number }).target === target);
  });
}

/** I1: one durable result of each accepted command. */
export function judgeResult(command: Command, room: FinalRoom, committed: Committed, observed: Observed, violate: Violate): void {
  const seqs = committed.get(commandKey(command.room, command.author, command.clientId)) ?? [];
  const where = { room: command.room, client: command.client, user: command.author };
  const { counts } = observed;
  if (seqs.length === 0 && command.committedSeq !== null && changedNothing(command, room)) {
    counts.committed++;
    return;
  }
  if (seqs.length > 0) counts.committed++;
  else if (command.rejectedCode !== null) counts.rejected++;
  if (seqs.length > 1) violate({ invariant: 'I1', message: `Command ${command.clientId} was done ${seqs.length} times: seqs ${seqs.join(', ')}.`, ...where });
  if (seqs.length > 0 && command.rejectedCode !== null) {
    violate({ invariant: 'I1', message: `Command ${command.clientId} is at seq ${seqs[0]}, and was told rejected (${command.rejectedCode}).`, ...where });
  }
  if (command.committedSeq !== null && !seqs.includes(command.committedSeq)) {
    violate({ invariant: 'I1', message: `Command ${command.clientId} was told committed at ${command.committedSeq}, where it is not.`, ...where });
  }
  if (command.acceptedAt === null || seqs.length > 0 || command.rejectedCode !== null || command.committedSeq !== null) return;
  counts.unresolved++;
  const present = observed.clients.get(command.client)?.present === true;
  if (present || cannotBeRejected(command, room)) {
    violate({ invariant: 'I1', message: `Command ${command.clientId} was accepted and has no result.`, ...where, at: command.acceptedAt });
  }
}

/** I6: what one client asked in order in one room is there in that order. */
export function judgeSenderOrder(roomId: string, committed: Committed, observed: Observed, violate: Violate): void {
  for (const client of observed.clients.values()) {
    let last = 0;
    let lastId = '';
    for (const sent of client.rooms.get(roomId)?.sent ?? []) {
      const { command } = sent;
      const seq = committed.get(commandKey(command.room, command.author, command.clientId))?.[0];
      if (sent.void || seq === undefined) continue;
      if (seq < last) {
        const message = `${command.clientId} (seq ${seq}) was asked after ${lastId} (seq ${last}).`;
        violate({ invariant: 'I6', message, room: roomId, client: client.client, user: client.user, at: command.invokedAt });
      } else {
        last = seq;
        lastId = command.clientId;
      }
    }
  }
}

/** I7: accepted before another was asked for means a smaller seq. One sweep from the head down. */
export function judgeRealTimeOrder(room: FinalRoom, observed: Observed, violate: Violate): void {
  let earliest = Number.POSITIVE_INFINITY;
  let earliestSeq = 0;
  const done = new Set<string>();
  for (const event of room.record.events.toReversed()) {
    if (event.clientId === null) continue;
    const key = commandKey(event.room, event.author, event.clientId);
    const command = observed.commands.get(key);
    if (command === undefined || done.has(key)) continue;
    done.add(key);
    if (earliest < command.invokedAt) {
      const message = `Seq ${earliestSeq} was accepted before seq ${event.seq} was asked for.`;
      violate({ invariant: 'I7', message, room: event.room, user: event.author, at: command.invokedAt });
    }
    if (command.acceptedAt !== null && command.acceptedAt < earliest) {
      earliest = command.acceptedAt;
      earliestSeq = event.seq;
    }
  }
}
