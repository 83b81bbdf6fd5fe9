// One batch decided in log order over what was loaded, gathered into one write that touches each row once. Pure but for its own memory.
import type { CommandResult, CommittedEvent, ErrorCode } from '@parley/protocol';
import type { BatchWrite, DeadLetterRow, EventRow, ResultRow } from '../store/batch-write.ts';
import { decide } from './decide.ts';
import type { Decision } from './decision.ts';
import type { Asked, Input } from './decode.ts';
import { createRoomBatch, type RoomBatch } from './room-batch.ts';
import { type RoomState, resultKey, type StoredResult } from './state.ts';
import { createUserBatch } from './user-batch.ts';

export interface Answer {
  readonly user: string;
  readonly result: CommandResult;
}

export interface Gap {
  readonly room: string;
  readonly after: number;
}

export interface Decided {
  readonly rows: Omit<BatchWrite, 'topic' | 'logId' | 'partitions'>;
  /** The batch's events in pos order per partition, as they are told: redacted when the batch itself deleted them. */
  readonly events: () => CommittedEvent[];
  /** Every result that is to be told, repeated ones too, in log order. */
  readonly answers: readonly Answer[];
  readonly gaps: readonly Gap[];
  /** Rooms of which a change of rooms was applied. */
  readonly changed: readonly string[];
  /** pos of each partition after the batch. */
  readonly pos: ReadonlyMap<number, number>;
}

/** `pos`: of each partition before the batch. The rooms in `state` are carried forward in place. */
export function decideBatch(state: ReadonlyMap<string, RoomState>, inputs: readonly Input[], before: ReadonlyMap<number, number>): Decided {
  const pos = new Map(before);
  const rooms = new Map<string, RoomBatch>();
  const users = createUserBatch();
  const events: EventRow[] = [];
  const results: ResultRow[] = [];
  const answers: Answer[] = [];
  const deadLetters: DeadLetterRow[] = [];
  const gaps: Gap[] = [];
  const changed = new Set<string>();

  const keep = (room: RoomState | null, asked: Asked | null, result: StoredResult): void => {
    if (!room || !asked) return;
    room.results.set(resultKey(asked.author, asked.clientId), result);
  };
  const tell = (asked: Asked | null, result: Pick<StoredResult, 'status' | 'seq' | 'code'>): void => {
    if (asked) answers.push({ user: asked.author, result: toCommandResult(asked, result) });
  };
  const happen = (room: RoomState, decision: Extract<Decision, { kind: 'event' }>, partition: number): void => {
    const next = (pos.get(partition) ?? 0) + 1;
    pos.set(partition, next);
    let batch = rooms.get(room.room);
    if (!batch) {
      batch = createRoomBatch(room, partition);
      rooms.set(room.room, batch);
    }
    users.note(room, decision.event);
    events.push(batch.add(decision.event, decision.mver, next, decision.result?.hash ?? null));
    if (decision.mver !== null) changed.add(room.room);
  };

  for (const input of inputs) {
    if (input.kind === 'poison') deadLetters.push(deadLetter(input));
    const asked = input.kind === 'member' ? input.command : input.kind === 'poison' ? input.asked : null;
    const room = roomOf(state, input);
    const decision = decide(room, input);
    switch (decision.kind) {
      case 'event':
        happen(room as RoomState, decision, input.record.partition);
        if (decision.result) keep(room, asked, decision.result);
        if (decision.result) tell(asked, decision.result);
        break;
      case 'result':
        keep(room, asked, decision.result);
        if (asked) results.push({ room: asked.room, author: asked.author, client_id: asked.clientId, ...decision.result });
        tell(asked, decision.result);
        break;
      case 'duplicate':
        tell(asked, decision.result);
        break;
      case 'reused':
        tell(asked, { status: 'rejected', seq: null, code: 'client_id_reused' satisfies ErrorCode });
        break;
      case 'gap':
        gaps.push({ room: (room as RoomState).room, after: decision.after });
        break;
    }
  }
  const rows = { ...rowsOf([...rooms.values()]), events, results, users: users.rows(), deadLetters };
  return { rows, events: () => events.map(toCommitted), answers, gaps, changed: [...changed], pos };
}

function rowsOf(batches: readonly RoomBatch[]): Pick<Decided['rows'], 'rooms' | 'heads' | 'members' | 'updates' | 'redactions'> {
  const rows = batches.map((batch) => batch.row());
  return {
    rooms: rows.flatMap((row) => ('room' in row ? [row.room] : [])),
    heads: rows.flatMap((row) => ('head' in row ? [row.head] : [])),
    members: batches.flatMap((batch) => batch.members()),
    updates: batches.flatMap((batch) => batch.updates()),
    redactions: batches.flatMap((batch) => batch.redactions()),
  };
}

function roomOf(state: ReadonlyMap<string, RoomState>, input: Input): RoomState | null {
  const room = input.kind === 'poison' ? input.asked?.room : input.command.room;
  return room === undefined ? null : (state.get(room) ?? null);
}

export const toCommandResult = (asked: Asked, result: Pick<StoredResult, 'status' | 'seq' | 'code'>): CommandResult => ({
  room: asked.room,
  clientId: asked.clientId,
  status: result.status,
  ...(result.seq === null ? {} : { seq: result.seq }),
  ...(result.code === null ? {} : { code: result.code }),
});

/** A stored event as it is told to the rest. */
export const toCommitted = (row: EventRow): CommittedEvent => ({
  v: 1,
  event: {
    room: row.room,
    seq: row.seq,
    author: row.author,
    time: row.time,
    clientId: row.client_id,
    msgNo: row.msg_no,
    type: row.type,
    body: row.body,
  } as CommittedEvent['event'],
  mver: row.mver,
  pos: row.pos,
  partition: row.partition,
});

const deadLetter = (input: Extract<Input, { kind: 'poison' }>): DeadLetterRow => ({
  partition: input.record.partition,
  offset: input.record.offset,
  bytes: Buffer.from(input.record.value).toString('base64'),
  reason: input.reason,
});
