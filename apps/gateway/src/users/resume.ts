// The `resume` frame: what changed of the user's state, and in each room the place that the events go on from.
// Never sits a socket down in a room that messages did not name as its user's.
import { LIMITS, ParleyError, type ResumeAnswer, type ResumeRequest, type Right } from '@parley/protocol';
import type { Hubs } from '../rooms/hubs.ts';
import type { Session } from '../session.ts';
import type { FollowState } from './follow-state.ts';
import type { LocalUsers } from './local-users.ts';
import type { Sync, SyncAnswer } from './sync.ts';

export interface ResumeDeps {
  readonly hubs: Hubs;
  readonly users: LocalUsers;
  readonly sync: Sync;
  readonly state: FollowState;
  readonly resumeEvents: number;
}

type Place = ResumeAnswer['rooms'][string];

/** Where the events of a room go on for a client that says it is at `place`. */
export function placeFor(right: Right, place: { epoch: string; seq: number } | undefined, epoch: string, resumeEvents: number = LIMITS.resumeEvents): Place {
  const { head, joinSeq, floor } = right;
  if (place === undefined) return { from: head, head, reset: false };
  // A place before the join is of an earlier membership: what lies between was never the member's to see.
  const mine = place.epoch === epoch && place.seq <= head && place.seq >= joinSeq - 1 && place.seq >= floor;
  return mine && head - place.seq <= resumeEvents ? { from: place.seq, head, reset: false } : { from: head, head, reset: true };
}

/**
 * Answers one resume; `answered` is called before the first event of it is written. Throws `invalid` when it was resumed already,
 * `unavailable` when messages or the feed is away: the client may then ask again.
 */
export async function resume(deps: ResumeDeps, session: Session, request: ResumeRequest, answered: (answer: ResumeAnswer) => void): Promise<void> {
  if (session.resume !== 'none') throw new ParleyError('invalid', 'This socket was resumed already.');
  session.resume = 'asking';
  try {
    // Subscribed before messages is asked: what changes after its answer arrives here.
    await deps.users.subscribed(session.user).catch((cause: unknown) => {
      throw new ParleyError('unavailable', 'The feed is away.', { retryAfterMs: 1_000, cause });
    });
    const sync = await deps.sync.ask({ user: session.user, me: request.me, rooms: request.rooms });
    if (!session.closed) sitDown(deps, session, request, sync, answered);
  } catch (error) {
    session.resume = 'none';
    session.held = [];
    throw error;
  }
}

function sitDown(deps: ResumeDeps, session: Session, request: ResumeRequest, sync: SyncAnswer, answered: (answer: ResumeAnswer) => void): void {
  const rooms: ResumeAnswer['rooms'] = {};
  const mine: { right: Right; from: number }[] = [];
  for (const right of sync.rights) {
    const place = placeFor(right, request.rooms[right.room], sync.epoch, deps.resumeEvents);
    rooms[right.room] = place;
    mine.push({ right, from: place.from });
  }
  const gone = Object.keys(request.rooms).filter((room) => rooms[room] === undefined);
  session.resume = 'done';
  session.ver = sync.me.ver;
  answered({ epoch: sync.epoch, me: sync.me, rooms, gone });
  for (const { right, from } of mine) {
    const hub = deps.hubs.get(right.room);
    // Removed between the answer of messages and now: its own state tells it so in a moment; here it hears it at once.
    if (hub.outlived(session.user, right.joinSeq)) session.emit('gone', { room: right.room });
    else hub.attach(session, { pos: from, joinSeq: right.joinSeq, rightAt: right.head });
  }
  const held = session.held;
  session.held = [];
  deps.state.forward(session, held);
}
