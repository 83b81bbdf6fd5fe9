// Follows each client's place in each room. What no final log can excuse (twice, below the place, two copies) is told at once; a jump
// forward is kept, because only the final log knows whether a new stay explains it.
import type { AnyRoomEvent } from '@parley/protocol';
import type { Observation } from '@parley/sdk';
import { sameEvent } from './final-rooms.ts';
import { type ClientTrack, commandKey, type Observed, type RoomTrack, type Run, trackOf } from './observed.ts';

const ownRuns = new WeakSet<Run>();

export function extend(runs: Run[], event: AnyRoomEvent, user: string, t: number): void {
  const last = runs.at(-1);
  const own = (e: AnyRoomEvent): boolean => e.type.startsWith('member.') && (e.body as { user?: string }).user === user;
  if (last !== undefined && last.to + 1 === event.seq && !own(event) && !ownRuns.has(last)) {
    last.to = event.seq;
    last.ended = t;
    return;
  }
  const run: Run = { from: event.seq, to: event.seq, began: t, ended: t };
  if (own(event)) ownRuns.add(run);
  runs.push(run);
}

const covers = (runs: readonly Run[], seq: number): boolean => runs.some((run) => run.from <= seq && seq <= run.to);

function firstCopy(observed: Observed, client: ClientTrack, event: AnyRoomEvent, t: number): void {
  let copies = observed.firstCopies.get(event.room);
  if (copies === undefined) {
    copies = new Map();
    observed.firstCopies.set(event.room, copies);
  }
  const first = copies.get(event.seq);
  if (first === undefined) copies.set(event.seq, event);
  else if (first !== event && !sameEvent(first, event)) {
    observed.violate({
      invariant: 'I4',
      message: `Event ${event.seq} is not the same for everybody.`,
      room: event.room,
      client: client.client,
      user: client.user,
      at: t,
    });
  }
}

function behindPlace(observed: Observed, client: ClientTrack, track: RoomTrack, event: AnyRoomEvent, t: number): void {
  const where = { room: event.room, client: client.client, user: client.user, at: t };
  const twice = covers(track.applied, event.seq);
  if (twice) observed.counts.duplicated++;
  else observed.counts.outOfOrder++;
  if (track.fresh) {
    observed.violate({ invariant: 'I8', message: `After a reconnect the place went back from ${track.place} to ${event.seq}.`, ...where });
    track.place = event.seq;
  } else if (twice) observed.violate({ invariant: 'I3', message: `Event ${event.seq} was applied twice.`, ...where });
  else observed.violate({ invariant: 'I5', message: `Event ${event.seq} was applied when the place was ${track.place}.`, ...where });
}

export function applied(observed: Observed, client: ClientTrack, event: AnyRoomEvent, t: number): void {
  observed.counts.applied++;
  firstCopy(observed, client, event, t);
  const track = trackOf(client, event.room);
  if (track.place !== null && event.seq <= track.place) behindPlace(observed, client, track, event, t);
  else {
    if (track.place === null || event.seq > track.place + 1) track.jumps.push({ after: track.place, to: event.seq, t });
    track.place = event.seq;
  }
  track.fresh = false;
  extend(track.applied, event, client.user, t);
  if (event.type !== 'message.posted' || event.clientId === null) return;
  const command = observed.commands.get(commandKey(event.room, event.author, event.clientId));
  if (command !== undefined) observed.delivering.add(t - command.invokedAt);
}

export function snapshot(observed: Observed, client: ClientTrack, saw: Observation & { kind: 'snapshot' }, t: number): void {
  observed.counts.snapshots++;
  const track = trackOf(client, saw.room);
  if (track.place !== null && saw.seq < track.place && (track.epoch === null || track.epoch === saw.epoch)) {
    const message = `A snapshot of the same epoch took the place back from ${track.place} to ${saw.seq}.`;
    observed.violate({ invariant: 'I8', message, room: saw.room, client: client.client, user: client.user, at: t });
  }
  track.place = saw.seq;
  track.epoch = saw.epoch;
  track.fresh = false;
  track.snapshots.push({ seq: saw.seq, t });
}
