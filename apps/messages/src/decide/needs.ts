// What a batch of commands has to know before it can be decided: the list that the store loads in one go.
import type { LoadRequest } from '../store/store.ts';
import type { Asked, Input, MemberInput } from './decode.ts';

/** Everything that `decide` will read for these inputs; a thing named twice is loaded twice, which costs less than finding out. */
export function needsOf(inputs: readonly Input[]): LoadRequest {
  const rooms = new Set<string>();
  const request = { asked: [], members: [], messages: [], replies: [] } as { -readonly [K in Exclude<keyof LoadRequest, 'rooms'>]: LoadRequest[K][number][] };
  for (const input of inputs) {
    const asked = input.kind === 'poison' ? input.asked : input.command;
    if (!asked) continue;
    const r = asked.room;
    rooms.add(r);
    if (input.kind === 'change') {
      const { body } = input.command.change;
      if ('user' in body) request.members.push({ r, u: body.user });
    } else {
      const { author, clientId } = input.kind === 'poison' ? (input.asked as Asked) : input.command;
      request.asked.push({ r, a: author, c: clientId });
      if (input.kind === 'member') needTarget(input.command, request);
    }
  }
  return { rooms: [...rooms], ...request };
}

function needTarget(
  command: MemberInput,
  request: { readonly messages: LoadRequest['messages'][number][]; readonly replies: LoadRequest['replies'][number][] },
): void {
  const r = command.room;
  if (command.type === 'message.import') {
    const reply = command.body.replyTo;
    if (reply) request.replies.push({ r, a: reply.author, c: reply.clientId });
    return;
  }
  const target = command.type === 'message.post' ? command.body.replyTo : command.body.target;
  if (target) request.messages.push({ r, s: target });
}
