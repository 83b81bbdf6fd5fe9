// What a batch of commands has to know before it can be decided: the list that the store loads in one go.
import type { LoadRequest } from '../store/store.ts';
import type { Asked, Input, MemberInput } from './decode.ts';
import { type RoomState, resultKey } from './state.ts';

type Lists = { -readonly [K in Exclude<keyof LoadRequest, 'rooms'>]: LoadRequest[K][number][] };

const NOTHING: ReadonlyMap<string, RoomState> = new Map();

/**
 * Everything that `decide` will read for these inputs and that is not in `known`; a thing named twice is loaded twice, which costs less than
 * finding out. `withResults` false: earlier results of their client ids are taken to be in `known` or not there, which the write will tell.
 */
export function needsOf(inputs: readonly Input[], known = NOTHING, withResults = true): LoadRequest {
  const rooms = new Set<string>();
  const request: Lists = { asked: [], members: [], messages: [], replies: [] };
  for (const input of inputs) {
    const asked = input.kind === 'poison' ? input.asked : input.command;
    if (!asked) continue;
    const r = asked.room;
    const room = known.get(r);
    if (!room) rooms.add(r);
    if (input.kind === 'change') {
      const { body } = input.command.change;
      if ('user' in body && !room?.members.has(body.user)) request.members.push({ r, u: body.user });
    } else {
      const { author, clientId } = input.kind === 'poison' ? (input.asked as Asked) : input.command;
      if (withResults && !room?.results.has(resultKey(author, clientId))) request.asked.push({ r, a: author, c: clientId });
      else if (!room?.members.has(author)) request.members.push({ r, u: author });
      if (input.kind === 'member') needTarget(input.command, room, request);
    }
  }
  return { rooms: [...rooms], ...request };
}

export const needsNothing = ({ rooms, asked, members, messages, replies }: LoadRequest): boolean =>
  rooms.length + asked.length + members.length + messages.length + replies.length === 0;

function needTarget(command: MemberInput, room: RoomState | undefined, request: Lists): void {
  const r = command.room;
  if (command.type === 'message.import') {
    const reply = command.body.replyTo;
    if (reply && !knowsReply(room, reply)) request.replies.push({ r, a: reply.author, c: reply.clientId });
    return;
  }
  const target = command.type === 'message.post' ? command.body.replyTo : command.body.target;
  if (target && !room?.messages.has(target)) request.messages.push({ r, s: target });
}

function knowsReply(room: RoomState | undefined, { author, clientId }: { readonly author: string; readonly clientId: string }): boolean {
  const result = room?.results.get(resultKey(author, clientId));
  return result !== undefined && (result.seq === null || (room as RoomState).messages.has(result.seq));
}
