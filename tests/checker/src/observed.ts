// What the checker remembers of a history while it reads it: places, runs of seqs, commands, first copies. Never a delivery by itself.
import type { AnyRoomEvent, MemberCommand } from '@parley/protocol';
import { type Counts, createHistogram, type Violation } from './report.ts';

/** Seqs from..to came one after the other between `began` and `ended`. A change of the client's own membership is a run alone. */
export interface Run {
  readonly from: number;
  to: number;
  readonly began: number;
  ended: number;
}

export interface RoomTrack {
  /** null: no place yet. */
  place: number | null;
  epoch: string | null;
  /** A reconnect came after the last applied event. */
  fresh: boolean;
  readonly applied: Run[];
  readonly frames: Run[];
  readonly snapshots: { readonly seq: number; readonly t: number }[];
  /** Jumps forward that only a new stay of the user in the room can explain. */
  readonly jumps: { readonly after: number | null; readonly to: number; readonly t: number }[];
  readonly sent: Sent[];
}

/** A command's place in the order of its client and room; void when it was refused and asked again later. */
export interface Sent {
  readonly command: Command;
  void: boolean;
}

export interface ClientTrack {
  readonly client: string;
  readonly user: string;
  present: boolean;
  readonly rooms: Map<string, RoomTrack>;
}

export interface Command {
  readonly room: string;
  readonly author: string;
  readonly clientId: string;
  readonly client: string;
  /** Different bodies asked under one client id; more than one is the client's mistake. */
  readonly asked: MemberCommand[];
  readonly invokedAt: number;
  acceptedAt: number | null;
  attempts: number;
  refused: number;
  sent: Sent | null;
  committedSeq: number | null;
  rejectedCode: string | null;
}

export const commandKey = (room: string, author: string, clientId: string): string => `${room}/${author}/${clientId}`;

export interface Observed {
  readonly clients: Map<string, ClientTrack>;
  readonly commands: Map<string, Command>;
  /** room -> seq -> the first copy of the event that any client applied. */
  readonly firstCopies: Map<string, Map<number, AnyRoomEvent>>;
  readonly canaries: { readonly client: string; readonly user: string; readonly room: string; readonly frame: string; readonly t: number }[];
  readonly counts: Counts;
  readonly accepting: ReturnType<typeof createHistogram>;
  readonly delivering: ReturnType<typeof createHistogram>;
  violate(violation: Violation): void;
}

const emptyCounts = (): Counts => ({
  clients: 0,
  present: 0,
  commands: 0,
  accepted: 0,
  committed: 0,
  rejected: 0,
  unresolved: 0,
  messages: 0,
  expected: 0,
  delivered: 0,
  lost: 0,
  applied: 0,
  duplicated: 0,
  outOfOrder: 0,
  gaps: 0,
  snapshots: 0,
  reconnects: 0,
});

export const createObserved = (violate: (violation: Violation) => void): Observed => ({
  clients: new Map(),
  commands: new Map(),
  firstCopies: new Map(),
  canaries: [],
  counts: emptyCounts(),
  accepting: createHistogram(),
  delivering: createHistogram(),
  violate,
});

export function trackOf(client: ClientTrack, room: string): RoomTrack {
  let track = client.rooms.get(room);
  if (track === undefined) {
    track = { place: null, epoch: null, fresh: false, applied: [], frames: [], snapshots: [], jumps: [], sent: [] };
    client.rooms.set(room, track);
  }
  return track;
}
