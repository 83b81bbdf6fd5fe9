// What one batch does to one room: its rows, each once, however many of the batch's commands touch them.
import type { RoomEvent } from '@parley/protocol';
import type { EventRow, HeadRow, MemberRow, MessageUpdate, RoomRow } from '../store/batch-write.ts';
import { applyEvent } from './project.ts';
import type { MessageState, RoomState } from './state.ts';

export interface RoomBatch {
  /** Applies the event to the room and answers its row; the row's body is redacted later when the batch deletes what it says. */
  add(event: RoomEvent, mver: number | null, pos: number, hash: string | null): EventRow;
  /** The whole row when rooms changed something, else its head. */
  row(): { readonly room: RoomRow } | { readonly head: HeadRow };
  members(): MemberRow[];
  updates(): MessageUpdate[];
  redactions(): { room: string; target: number }[];
}

export function createRoomBatch(room: RoomState, partition: number): RoomBatch {
  const people = new Set<string>();
  const fresh = new Set<number>();
  let changedByRooms = false;
  const changed = new Map<number, MessageUpdate>();
  const redacted = new Set<number>();
  /** Events of this batch that hold text, by the message they are about. */
  const texts = new Map<number, EventRow[]>();

  const changeTarget = (target: number, text: { readonly value: string | null } | null): void => {
    const now = room.messages.get(target) as MessageState;
    const change = { edited: now.edited, deleted: now.deleted, reactions: now.reactions, ver: now.ver };
    const before = changed.get(target) ?? { room: room.room, seq: target, set_text: false, text: null, ...change };
    changed.set(target, { ...before, ...change, ...(text ? { set_text: true, text: text.value } : {}) });
  };
  const keepText = (target: number, row: EventRow): void => {
    const rows = texts.get(target);
    if (rows) rows.push(row);
    else texts.set(target, [row]);
  };
  const redact = (target: number): void => {
    for (const row of texts.get(target) ?? []) row.body = redactedBody(row.body);
    if (!fresh.has(target)) redacted.add(target);
  };

  return {
    add(event, mver, pos, hash) {
      applyEvent(room, event, mver);
      changedByRooms ||= mver !== null;
      const row = toRow(event, mver, partition, pos, hash);
      switch (event.type) {
        case 'member.joined':
        case 'member.left':
        case 'member.removed':
        case 'member.role_changed':
          if (room.members.has(event.body.user)) people.add(event.body.user);
          break;
        case 'message.posted':
          fresh.add(event.seq);
          keepText(event.seq, row);
          break;
        case 'message.edited':
          changeTarget(event.body.target, { value: event.body.text });
          keepText(event.body.target, row);
          break;
        case 'message.deleted':
          changeTarget(event.body.target, { value: null });
          redact(event.body.target);
          break;
        case 'reaction.added':
        case 'reaction.removed':
          changeTarget(event.body.target, null);
          break;
      }
      return row;
    },
    row: () => (changedByRooms ? { room: toRoomRow(room, partition) } : { head: toHeadRow(room) }),
    members: () => [...people].map((user) => toMember(room, user)),
    updates: () => [...changed.values()],
    redactions: () => [...redacted].map((target) => ({ room: room.room, target })),
  };
}

/** The redacted form: no words, and no word of the files either. */
export function redactedBody({ attachments: _files, ...body }: EventRow['body']): EventRow['body'] {
  return { ...body, text: null };
}

const toRow = (event: RoomEvent, mver: number | null, partition: number, pos: number, hash: string | null): EventRow => ({
  room: event.room,
  seq: event.seq,
  partition,
  pos,
  type: event.type,
  author: event.author,
  client_id: event.clientId,
  hash,
  time: event.time,
  msg_no: event.msgNo,
  body: event.body,
  mver,
  target: 'target' in event.body ? event.body.target : null,
});

const toHeadRow = ({ room, head }: RoomState): HeadRow => ({ room, head: head.head, msg_no: head.msgNo, last_message_at: head.lastMessageAt });

const toRoomRow = ({ room, head }: RoomState, partition: number): RoomRow => ({
  room,
  partition,
  head: head.head,
  msg_no: head.msgNo,
  mver: head.mver,
  kind: head.kind,
  name: head.name,
  topic: head.topic,
  visibility: head.visibility,
  history: head.history,
  archived: head.archived,
  member_count: head.memberCount,
  last_message_at: head.lastMessageAt,
});

function toMember(room: RoomState, user: string): MemberRow {
  const member = room.members.get(user) as NonNullable<ReturnType<typeof room.members.get>>;
  return { room: room.room, user_id: user, role: member.role, floor: member.floor, join_seq: member.joinSeq };
}
