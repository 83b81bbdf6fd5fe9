// Reactions: a set of people per emoji and message. Asking for what is already so is committed without an event: nobody needs to be told,
// and the sender still gets exactly one durable result (its seq is the message's last change, which the sender has or will get).
import { LIMITS, type RoomEvent } from '@parley/protocol';
import { committed, type Decision, rejected } from './decision.ts';
import type { MemberInput } from './decode.ts';
import { envelopeOf, happened, visible } from './messages.ts';
import type { Membership, RoomState } from './state.ts';

type ReactionCommand = Extract<MemberInput, { type: 'reaction.add' | 'reaction.remove' }>;

export function decideReaction(room: RoomState, member: Membership, command: ReactionCommand, hash: string): Decision {
  const { target, emoji } = command.body;
  const message = visible(room, member, target);
  if (!message) return rejected(hash, 'no_such_message');
  if (message.deleted) return rejected(hash, 'message_deleted');
  const add = command.type === 'reaction.add';
  // Object.hasOwn: an emoji is any short text, `constructor` too.
  const who = Object.hasOwn(message.reactions, emoji) ? message.reactions[emoji] : undefined;
  if ((who?.includes(command.author) ?? false) === add) return { kind: 'result', result: committed(hash, message.ver) };
  if (add && !who && Object.keys(message.reactions).length >= LIMITS.reactionKinds) return rejected(hash, 'reaction_limit');
  const event: RoomEvent = { ...envelopeOf(room, command, false), type: add ? 'reaction.added' : 'reaction.removed', body: { target, emoji } };
  return happened(event, hash);
}
