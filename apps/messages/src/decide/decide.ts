// The rules of the chat: what comes of one command, given the room as it is. Pure: same state, same command, same decision, for ever,
// because a replay of the log must yield the same events. Ids and time come from the command, never from here.
import { decideChange } from './change.ts';
import { type Decision, rejected } from './decision.ts';
import type { Input, MemberInput } from './decode.ts';
import { decideDelete, decideEdit, decideErase, decideImport, decidePost } from './messages.ts';
import { memberOf } from './project.ts';
import { decideReaction } from './reactions.ts';
import { type Membership, type RoomState, resultKey } from './state.ts';

/** `room` must hold everything that `needsOf` names for the command. */
export function decide(room: RoomState | null, input: Input): Decision {
  if (input.kind === 'change') return room ? decideChange(room, input.command) : { kind: 'dead' };
  const asked = input.kind === 'member' ? input.command : input.asked;
  if (!room || !asked) return { kind: 'dead' };
  const before = room.results.get(resultKey(asked.author, asked.clientId));
  if (before) return before.hash === input.hash ? { kind: 'duplicate', result: before } : { kind: 'reused' };
  return input.kind === 'poison' ? rejected(input.hash, 'poison') : decideMember(room, input.command, input.hash);
}

function decideMember(room: RoomState, command: MemberInput, hash: string): Decision {
  // A room that is not there and one that is somebody else's: no answer tells them apart.
  if (!room.head.exists) return rejected(hash, command.type === 'message.import' ? 'not_found' : 'not_member');
  // Imports come from the owner of the installation or from rooms; their authors need not be members, nor the room be open.
  if (command.type === 'message.import') return decideImport(room, command, hash);
  // Who is erased is no member any more, and what they wrote goes from archived rooms too.
  if (command.type === 'message.erase') return decideErase(room, command, hash);
  const member = memberOf(room, command.author);
  if (!member) return rejected(hash, 'not_member');
  if (room.head.archived) return rejected(hash, 'room_archived');
  return decideAsMember(room, member, command, hash);
}

function decideAsMember(
  room: RoomState,
  member: Membership,
  command: Exclude<MemberInput, { type: 'message.import' | 'message.erase' }>,
  hash: string,
): Decision {
  switch (command.type) {
    case 'message.post':
      return decidePost(room, member, command, hash);
    case 'message.edit':
      return decideEdit(room, member, command, hash);
    case 'message.delete':
      return decideDelete(room, member, command, hash);
    case 'reaction.add':
    case 'reaction.remove':
      return decideReaction(room, member, command, hash);
  }
}
