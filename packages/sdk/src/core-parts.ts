// Rooms, outbox, people and my state, wired to each other. They call each other only after all of them are made.
import type { CommandResult } from '@parley/protocol';
import type { Base } from './core-base.ts';
import { wireFrames } from './frames.ts';
import { createOwnState } from './me/own-state.ts';
import { createPeopleBook } from './me/people.ts';
import { createOutbox } from './outbox/outbox.ts';
import { createReadMarks } from './rooms/read-marks.ts';
import { createRoomLoader } from './rooms/room-loader.ts';
import { createRoomSync, type RoomSync } from './rooms/room-sync.ts';
import { createTyping } from './rooms/typing.ts';
import { createKeep } from './storage/keep.ts';

export type Parts = ReturnType<typeof createParts>;

export function createParts(base: Base) {
  const { clock, storage, store, http, user, at, me, emitter, observe, onError, report } = base;
  const keep = createKeep({
    storage,
    clock,
    room: store.room,
    state: () => ({ state: user.stored(), epoch: at.epoch }),
    people: () => [...store.read().people.values()],
    onError: report,
  });
  const loader = createRoomLoader({
    unread: (room) => store.room(room)?.read.unread ?? 0,
    http,
    clock,
    random: base.random,
    tookSummary: (summary) => sync.tookSummary(summary),
    tookSnapshot: (track, snapshot, tail) => sync.tookSnapshot(track, snapshot, tail),
    onError: (error) => onError(error.toBody()),
  });
  const outbox = createOutbox({ storage, clock, newId: base.newId, observe, onChange: (entries) => store.set({ outbox: entries }), onError });
  const dress = wireFrames.dress(user);
  const sync: RoomSync = createRoomSync({
    store,
    user,
    loader,
    me,
    epoch: () => at.epoch,
    emit: emitter.emit,
    observe,
    onOwn: (event) => outbox.result({ room: event.room, clientId: event.clientId, status: 'committed', seq: event.seq }),
    onStarted: (room, seq) => {
      outbox.reached(room, seq);
      marks.started(room);
    },
    onChange: keep.dirty,
    dress,
  });
  const marks = createReadMarks({ store, user, sync: () => sync, loader, clock, me, onChange: keep.dirty });
  const people = createPeopleBook({ http, store, clock, onChange: () => keep.dirty('people'), onError: report });
  const typing = createTyping({ store, clock, me });
  const result = (one: CommandResult) => {
    const room = store.room(one.room);
    outbox.result(one, room?.summary != null && one.seq !== undefined && one.seq > room.seq);
    emitter.emit('result', one);
  };
  const frames = wireFrames.create({ store, user, http, clock, sync, marks, people, typing, result, onChange: keep.dirty, report, dress });
  const own = createOwnState({ http, user, clock, onChange: (key) => frames.keys(new Set([key])), onError });
  return { keep, loader, outbox, sync, marks, people, typing, frames, own, dress };
}
