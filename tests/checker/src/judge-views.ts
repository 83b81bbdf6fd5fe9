// Judges what clients got against what they should have got: exactly once (I3), same bytes, no unseen gap (I5), cut off (I11), and what
// they show at rest (I9, I10).
import { isDeepStrictEqual } from 'node:util';
import { type FinalRoom, mayBeCapped, messageDifference, presentView, recountUnread, sameEvent, type View } from './final-rooms.ts';
import type { FinalViewRecord } from './history.ts';
import type { ClientTrack, Observed, RoomTrack, Run } from './observed.ts';
import type { Violation } from './report.ts';

type Violate = (violation: Violation) => void;
/** `${room}/${user}` -> when each join was asked for, ascending. */
export type JoinsAsked = ReadonlyMap<string, readonly number[]>;

/** Same bytes for everybody, and nothing shown that the log does not hold. */
export function judgeCopies(room: FinalRoom, observed: Observed, violate: Violate): void {
  const at = new Map(room.record.events.map((event) => [event.seq, event]));
  for (const [seq, copy] of observed.firstCopies.get(room.record.room) ?? []) {
    const event = at.get(seq);
    const where = { room: room.record.room };
    if (event === undefined) violate({ invariant: 'I2', message: `Event ${seq} was shown and is not in the log.`, ...where });
    else if (sameEvent(copy, event)) continue;
    else if (copy.type === event.type && copy.author === event.author && copy.clientId === event.clientId) {
      violate({ invariant: 'I3', message: `Event ${seq} was shown with other bytes than the log's.`, ...where });
    } else violate({ invariant: 'I4', message: `Seq ${seq} was shown as another event than the log's.`, ...where });
  }
}

function mayHave(views: readonly View[], joins: readonly number[], run: Run): 'yes' | 'after' | 'never' {
  let answer: 'after' | 'never' = 'never';
  for (const [i, view] of views.entries()) {
    if (view.end < run.from) answer = 'after';
    if (!(view.floor < run.from && run.to <= view.end)) continue;
    // Inside the stay, or before it and of open history: then it may not have come before the stay was asked for.
    const asked = joins.length === views.length ? (joins[i] ?? 0) : 0;
    if (i === 0 || run.from >= view.joined || run.began >= asked) return 'yes';
  }
  return answer;
}

/** I11: nothing of after the end of the stay, nothing of before its floor. */
function judgeCutOff(room: FinalRoom, client: ClientTrack, track: RoomTrack, asked: JoinsAsked, violate: Violate): void {
  const views = room.views.get(client.user) ?? [];
  const joins = asked.get(`${room.record.room}/${client.user}`) ?? [];
  const where = { room: room.record.room, client: client.client, user: client.user };
  const snapshots = track.snapshots.filter((one) => one.seq > 0).map((one): Run => ({ from: one.seq, to: one.seq, began: one.t, ended: one.t }));
  for (const [what, runs] of [
    ['was sent', track.frames],
    ['applied', track.applied],
    ['has a snapshot at', snapshots],
  ] as const) {
    for (const run of runs) {
      // A run that goes on over the head or over the user's own end is cut there by its own membership event.
      const verdict = mayHave(views, joins, run);
      if (verdict === 'yes' || run.from > room.head) continue;
      const why = verdict === 'never' ? 'is not a member then' : 'was a member no more';
      violate({ invariant: 'I11', message: `The user ${why}, and ${what} ${run.from}..${run.to}.`, ...where, at: run.began });
    }
  }
}

function judgeJumps(room: FinalRoom, client: ClientTrack, track: RoomTrack, observed: Observed, violate: Violate): void {
  const views = room.views.get(client.user) ?? [];
  for (const jump of track.jumps) {
    // A new stay begins at its own floor or with its own join; everything else needs a snapshot.
    if (views.some((view) => (jump.to === view.floor + 1 || jump.to === view.joined) && (jump.after ?? -1) < view.joined)) continue;
    observed.counts.gaps++;
    const message = `Event ${jump.to} was applied after ${jump.after ?? 'nothing'}, with no snapshot between.`;
    violate({ invariant: 'I5', message, room: room.record.room, client: client.client, user: client.user, at: jump.t });
  }
}

/** The seqs of (floor, head] that the client neither applied nor has below a snapshot of this stay. */
function missing(room: FinalRoom, view: View, track: RoomTrack | undefined): Set<number> {
  const snapshots = track?.snapshots.filter((one) => one.seq >= view.joined) ?? [];
  let covered = Math.max(view.floor, ...snapshots.map((one) => one.seq));
  const holes = new Set<number>();
  for (const run of (track?.applied ?? []).toSorted((a, b) => a.from - b.from)) {
    for (let seq = covered + 1; seq < run.from; seq++) holes.add(seq);
    covered = Math.max(covered, run.to);
  }
  for (let seq = covered + 1; seq <= room.head; seq++) holes.add(seq);
  return holes;
}

/** I3 for one member that is there at the end. */
function judgePresence(room: FinalRoom, client: ClientTrack, view: View, observed: Observed, violate: Violate): void {
  const holes = missing(room, view, client.rooms.get(room.record.room));
  const lost = holes.size === 0 ? 0 : room.posted.filter((seq) => holes.has(seq)).length;
  const first = room.posted.findIndex((seq) => seq > view.floor);
  const expected = first === -1 ? 0 : room.posted.length - first;
  observed.counts.expected += expected;
  observed.counts.delivered += expected - lost;
  observed.counts.lost += lost;
  if (holes.size === 0) return;
  const [earliest] = holes;
  const message = `${holes.size} events of the stay never came (${lost} messages), the first is ${earliest} of ${room.head}.`;
  violate({ invariant: 'I3', message, room: room.record.room, client: client.client, user: client.user });
}

export function judgeClient(room: FinalRoom, client: ClientTrack, asked: JoinsAsked, observed: Observed, violate: Violate): void {
  const track = client.rooms.get(room.record.room);
  if (track !== undefined) {
    judgeJumps(room, client, track, observed, violate);
    judgeCutOff(room, client, track, asked, violate);
  }
  const view = presentView(room, client.user);
  if (client.present && view !== undefined) judgePresence(room, client, view, observed, violate);
}

/** The members by the server's own projection are those that the log makes. */
export function judgeMembers(room: FinalRoom, violate: Violate): void {
  const is = Object.fromEntries(room.record.members.map((member) => [member.user, { role: member.role, joined: member.joinSeq }]));
  const should = Object.fromEntries([...room.roles].map(([user, role]) => [user, { role, joined: room.views.get(user)?.at(-1)?.joined }]));
  if (!isDeepStrictEqual(is, should)) violate({ invariant: 'I4', message: "The server's members are not those of its log.", room: room.record.room });
}

function judgeUnread(room: FinalRoom, view: View, record: FinalViewRecord, violate: Violate): void {
  const { read } = record;
  const should = recountUnread(room, record.user, read.seq, view.floor);
  if (read.unread === should) return;
  // At the cap a deletion cannot be subtracted: the number stays until the mark moves.
  if (read.unread > should && mayBeCapped(room, read.seq)) return;
  const message = `Unread is ${read.unread}, a recount beyond the mark ${read.seq} gives ${should}.`;
  violate({ invariant: 'I10', message, room: record.room, client: record.client, user: record.user });
}

/** I3 and I10 over what one client shows of one room at rest. */
export function judgeFinalView(room: FinalRoom, record: FinalViewRecord, violate: Violate): void {
  const where = { room: record.room, client: record.client, user: record.user };
  const view = presentView(room, record.user);
  if (view === undefined) {
    violate({ invariant: 'I11', message: 'The client shows a room that its user is not a member of.', ...where });
    return;
  }
  if (record.seq !== room.head) violate({ invariant: 'I3', message: `The client rests at ${record.seq}, the room at ${room.head}.`, ...where });
  const shown = new Map(record.messages.map((message) => [message.seq, message]));
  if (shown.size !== record.messages.length) violate({ invariant: 'I3', message: 'The client shows a message twice.', ...where });
  for (const seq of room.posted) {
    if (seq <= Math.max(record.from, view.floor) || seq > record.seq) continue;
    const is = shown.get(seq);
    shown.delete(seq);
    const should = room.messages.get(seq);
    if (is === undefined) violate({ invariant: 'I3', message: `The client does not show message ${seq}.`, ...where });
    else if (should !== undefined && record.seq === room.head) {
      const field = messageDifference(is, should);
      if (field !== null) violate({ invariant: 'I3', message: `Message ${seq} has another ${field} than the log makes.`, ...where });
    }
  }
  for (const seq of shown.keys()) {
    const known = room.messages.has(seq);
    if (!known) violate({ invariant: 'I2', message: `The client shows message ${seq}, which the log does not hold.`, ...where });
    else if (seq <= view.floor) violate({ invariant: 'I11', message: `The client shows message ${seq} of before its stay.`, ...where });
  }
  judgeUnread(room, view, record, violate);
}
