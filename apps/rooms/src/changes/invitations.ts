// Invitations: those who may add people may also hand out a link that lets people join by themselves.
import type { Rng } from '@parley/ports';
import { ParleyError } from '@parley/protocol';
import type { Changed } from '../store/store-changes.ts';
import type { InvitationRow, InvitationStore } from '../store/store-invitations.ts';
import { joinInvited } from './join-room.ts';
import { checkMayLead, checkMember, checkNotArchived, checkNotDirect, type RoomView } from './room-view.ts';

const DAY_MS = 86_400_000;
const USUAL_USES = 100;
const USUAL_LIFE_MS = 7 * DAY_MS;
/** A link that is forgotten somewhere must end by itself. */
const LONGEST_LIFE_MS = 365 * DAY_MS;
/** 128 bits: cannot be guessed. */
const CODE_BYTES = 16;

export interface MakeInvitation {
  readonly uses?: number | undefined;
  readonly expiresInMs?: number | undefined;
}

/** Throws not_found, not_member, direct_room or forbidden. */
export function checkMayInvite(room: RoomView, caller: string): void {
  const role = checkMember(room, caller);
  checkNotDirect(room);
  checkMayLead(room, role);
}

export async function makeInvitation(
  store: InvitationStore,
  rng: Rng,
  room: RoomView,
  caller: string,
  input: MakeInvitation,
  now: number,
): Promise<InvitationRow> {
  checkMayInvite(room, caller);
  checkNotArchived(room);
  const lifeMs = Math.min(input.expiresInMs ?? USUAL_LIFE_MS, LONGEST_LIFE_MS);
  const invitation = { code: rng.secret(CODE_BYTES), room: room.id, usesLeft: input.uses ?? USUAL_USES, expiresAt: now + lifeMs };
  await store.add(invitation, caller);
  return invitation;
}

export async function listInvitations(store: InvitationStore, room: RoomView, caller: string, now: number): Promise<readonly InvitationRow[]> {
  checkMayInvite(room, caller);
  return store.list(room.id, now);
}

export async function removeInvitation(store: InvitationStore, room: RoomView, caller: string, code: string): Promise<void> {
  checkMayInvite(room, caller);
  if (!(await store.remove(room.id, code))) throw new ParleyError('not_found', 'The room has no such invitation.');
}

/** Throws invitation_invalid, already_member or room_archived. No use is spent unless the caller joins. */
export const acceptInvitation = (store: InvitationStore, code: string, caller: string, now: number): Promise<Changed> =>
  store.accept(code, caller, joinInvited(caller), now);
