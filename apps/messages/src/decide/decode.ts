// Records of `room.command` as commands. It never throws: what does not parse is poison, with as much of its sender as can be read,
// because every record must get exactly one outcome and the partition must move on.
import { hash as digest } from 'node:crypto';
import type { LogRecord } from '@parley/ports';
import { type Attachment, decodeRecord, Id, isStorable, partitionOf, RoomCommand } from '@parley/protocol';
import { safeParse } from 'zod/mini';

export type MemberInput = Exclude<RoomCommand, { type: 'room.change' }>;
export type ChangeInput = Extract<RoomCommand, { type: 'room.change' }>;

/** Who asked, as far as a result can be addressed to them. */
export interface Asked {
  readonly room: string;
  readonly author: string;
  readonly clientId: string;
}

export type Input =
  | { readonly kind: 'member'; readonly record: LogRecord; readonly command: MemberInput; readonly hash: string }
  | { readonly kind: 'change'; readonly record: LogRecord; readonly command: ChangeInput }
  | { readonly kind: 'poison'; readonly record: LogRecord; readonly asked: Asked | null; readonly hash: string; readonly reason: string };

/** `partitionCount`: a command in another room's partition would give its room two writers, so it is set aside. */
export function decodeInput(record: LogRecord, partitionCount: number): Input {
  let command: RoomCommand;
  try {
    command = decodeRecord(RoomCommand, record.value);
  } catch (error) {
    return poisonInput(
      record,
      partitionCount,
      `not a room command: ${JSON.stringify(error instanceof Error && 'details' in error ? error.details : String(error))}`,
    );
  }
  if (command.type === 'room.change') {
    // Names and topics are checked where they are typed; here again, because what jsonb refuses would stop the partition.
    if (!isStorable(Object.values(command.change.body).join(' '))) return poisonInput(record, partitionCount, 'holds text that cannot be stored');
    return partitionOf(command.room, partitionCount) === record.partition
      ? { kind: 'change', record, command }
      : poisonInput(record, partitionCount, 'in the wrong partition');
  }
  if (partitionOf(command.room, partitionCount) !== record.partition) return poisonInput(record, partitionCount, 'in the wrong partition');
  return { kind: 'member', record, command, hash: hashOf(bodyOf(command)) };
}

export const decodeInputs = (records: readonly LogRecord[], partitionCount: number): readonly Input[] =>
  records.map((record) => decodeInput(record, partitionCount));

/** A record set aside: a dead letter, and a stored rejection where it says who asked. Used also for the one that the database refused. */
export function poisonInput(record: LogRecord, partitionCount: number, reason: string): Input {
  const asked = readAsked(record.value);
  // A result may only be stored by the owner of the room's partition.
  const ours = asked !== null && partitionOf(asked.room, partitionCount) === record.partition;
  return { kind: 'poison', record, asked: ours ? asked : null, hash: hashOf(Buffer.from(record.value).toString('base64')), reason: reason.slice(0, 1000) };
}

/** What was asked, apart from who, where and when: two commands with one client id must agree in this. */
function bodyOf(command: MemberInput): string {
  switch (command.type) {
    case 'message.post':
      return JSON.stringify([command.type, command.body.text, command.body.replyTo ?? null, ...filesOf(command.body.attachments)]);
    case 'message.import':
      return JSON.stringify([
        command.type,
        command.body.text,
        command.body.replyTo?.author ?? null,
        command.body.replyTo?.clientId ?? null,
        ...filesOf(command.body.attachments),
      ]);
    case 'message.edit':
      return JSON.stringify([command.type, command.body.target, command.body.text]);
    case 'message.delete':
    case 'message.erase':
      return JSON.stringify([command.type, command.body.target]);
    default:
      return JSON.stringify([command.type, command.body.target, command.body.emoji]);
  }
}

/** Nothing where there are none: results that were stored before files came keep their hash. */
const filesOf = (attachments: readonly Attachment[] | undefined): readonly unknown[] => (attachments === undefined ? [] : [attachments]);

const hashOf = (text: string): string => digest('sha256', text, 'base64url').slice(0, 22);

function readAsked(bytes: Uint8Array): Asked | null {
  try {
    const raw = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Record<keyof Asked, unknown>> | null;
    const [room, author, clientId] = [raw?.room, raw?.author, raw?.clientId].map((id) => safeParse(Id, id).data);
    return room && author && clientId ? { room, author, clientId } : null;
  } catch {
    return null;
  }
}
