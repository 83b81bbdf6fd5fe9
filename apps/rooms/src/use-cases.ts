// What can be asked of rooms, from request to answer: check the people, decide and write under the lock, wake the relay, wait for the seq.
import type { Clock, Rng } from '@parley/ports';
import { type CreateRoom, knownPeople, ParleyError, type Role, type RoomChanged, readHeads } from '@parley/protocol';
import type { InternalClient } from '@parley/runtime';
import { addMembers } from './changes/add-members.ts';
import { changeRole } from './changes/change-role.ts';
import { changeRoom, type RoomDescription } from './changes/change-room.ts';
import { createRoom } from './changes/create-room.ts';
import { acceptInvitation, listInvitations, type MakeInvitation, makeInvitation, removeInvitation } from './changes/invitations.ts';
import { joinRoom } from './changes/join-room.ts';
import { leaveRoom } from './changes/leave-room.ts';
import { openDirect } from './changes/open-direct.ts';
import { removeMember } from './changes/remove-member.ts';
import type { Decide } from './changes/room-view.ts';
import type { Waiters } from './log/waiters.ts';
import type { PublicRoom, RoomStore } from './store/store.ts';
import type { Changed } from './store/store-changes.ts';
import type { InvitationRow, InvitationStore } from './store/store-invitations.ts';

/** Every call throws ParleyError. Changes answer when their event has a seq, or `pending` after 5 s. */
export interface RoomsUseCases {
  create(caller: string, input: CreateRoom): Promise<RoomChanged>;
  openDirect(caller: string, user: string): Promise<RoomChanged>;
  publicRooms(caller: string, query: string): Promise<readonly PublicRoom[]>;
  changeRoom(caller: string, room: string, input: RoomDescription): Promise<RoomChanged>;
  join(caller: string, room: string): Promise<RoomChanged>;
  leave(caller: string, room: string): Promise<RoomChanged>;
  addMembers(caller: string, room: string, users: readonly string[]): Promise<RoomChanged>;
  removeMember(caller: string, room: string, user: string): Promise<RoomChanged>;
  changeRole(caller: string, room: string, user: string, role: Role): Promise<RoomChanged>;
  makeInvitation(caller: string, room: string, input: MakeInvitation): Promise<InvitationRow>;
  listInvitations(caller: string, room: string): Promise<readonly InvitationRow[]>;
  removeInvitation(caller: string, room: string, code: string): Promise<void>;
  acceptInvitation(caller: string, code: string): Promise<RoomChanged>;
}

export interface UseCaseDeps {
  readonly store: RoomStore;
  readonly invitations: InvitationStore;
  readonly waiters: Waiters;
  readonly internal: InternalClient;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Something went to the outbox. */
  readonly onChange: () => void;
}

/** How long a caller waits for the seq. */
const WAIT_MS = 5_000;
const PUBLIC_ROOMS = 200;

export function createUseCases(deps: UseCaseDeps): RoomsUseCases {
  const { store, invitations, clock, rng, internal } = deps;
  const confirm = createConfirm(deps);

  const change = async (room: string, caller: string, people: readonly string[], decide: Decide): Promise<RoomChanged> =>
    confirm(await store.change(room, caller, people, decide, clock.now()));

  return {
    async create(caller, input) {
      const members = input.members ?? [];
      const changes = createRoom({ ...input, members }, caller);
      await checkKnown(internal, caller, members);
      return confirm(await store.create(rng.id(), caller, changes, clock.now()));
    },
    async openDirect(caller, other) {
      await checkKnown(internal, caller, [other]);
      const made = await store.openDirect(rng.id(), caller, other, openDirect(caller, other), clock.now());
      return made.changed ? confirm(made) : confirmEarlier(deps, made);
    },
    publicRooms: (caller, query) => store.publicRooms(caller, query.trim(), PUBLIC_ROOMS),
    changeRoom: (caller, room, input) => change(room, caller, [], changeRoom(caller, input)),
    join: (caller, room) => change(room, caller, [], joinRoom(caller)),
    leave: (caller, room) => change(room, caller, [], leaveRoom(caller)),
    async addMembers(caller, room, people) {
      await checkKnown(internal, caller, people);
      return change(room, caller, people, addMembers(caller, people));
    },
    removeMember: (caller, room, user) => change(room, caller, [user], removeMember(caller, user)),
    changeRole: (caller, room, user, role) => change(room, caller, [user], changeRole(caller, user, role)),
    makeInvitation: async (caller, room, input) => makeInvitation(invitations, rng, await store.read(room, [caller]), caller, input, clock.now()),
    listInvitations: async (caller, room) => listInvitations(invitations, await store.read(room, [caller]), caller, clock.now()),
    removeInvitation: async (caller, room, code) => removeInvitation(invitations, await store.read(room, [caller]), caller, code),
    acceptInvitation: async (caller, code) => confirm(await acceptInvitation(invitations, code, caller, clock.now())),
  };
}

/** Throws not_found when somebody does not exist, unavailable when accounts does not answer. */
async function checkKnown(internal: InternalClient, caller: string, people: readonly string[]): Promise<void> {
  const asked = [...new Set(people)].filter((user) => user !== caller);
  if (asked.length === 0) return;
  const known = new Set((await internal.call(knownPeople, { ids: asked })).ids);
  const unknown = asked.filter((user) => !known.has(user));
  if (unknown.length > 0) throw new ParleyError('not_found', 'There is no such person.', { details: { users: unknown } });
}

const answerOf = (room: string, seq: number | null): RoomChanged => (seq === null ? { room, status: 'pending' } : { room, status: 'done', seq });

function createConfirm({ waiters, onChange }: UseCaseDeps) {
  return async ({ room, mver, changed }: Changed): Promise<RoomChanged> => {
    if (!changed) return { room, status: 'done' };
    onChange();
    return answerOf(room, await waiters.wait(room, mver, WAIT_MS));
  };
}

/** For a room that somebody else made: its events may have gone by before this process tailed the log, so messages is asked first. */
async function confirmEarlier({ internal, waiters }: UseCaseDeps, { room, mver }: Changed): Promise<RoomChanged> {
  const head = await internal.call(readHeads, { since: {}, rooms: [room] }).then(
    ({ heads }) => heads[room] ?? 0,
    () => 0,
  );
  // Each change is one event, so a head below mver lacks some of them.
  return answerOf(room, head >= mver ? head : await waiters.wait(room, mver, WAIT_MS));
}
