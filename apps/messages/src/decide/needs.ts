// What a batch of commands has to know before it can be decided: the list that the store loads in one go.
import type { LoadRequest } from '../store/store.ts';
import type { Input } from './decode.ts';
import { resultKey } from './state.ts';

/** Everything that `decide` will read for these inputs; each thing once. */
export function needsOf(inputs: readonly Input[]): LoadRequest {
  const rooms = new Set<string>();
  const members = new Map<string, { r: string; u: string }>();
  const results = new Map<string, { r: string; a: string; c: string }>();
  const messages = new Map<string, { r: string; s: number }>();
  const replies = new Map<string, { r: string; a: string; c: string }>();
  for (const input of inputs) {
    const asked = input.kind === 'poison' ? input.asked : input.command;
    if (!asked) continue;
    const r = asked.room;
    rooms.add(r);
    if (input.kind === 'change') {
      const body = input.command.change.body;
      if ('user' in body) members.set(`${r}/${body.user}`, { r, u: body.user.toLowerCase() });
      continue;
    }
    const { author: a, clientId: c } = input.kind === 'poison' ? (input.asked as NonNullable<typeof input.asked>) : input.command;
    results.set(`${r}/${resultKey(a, c)}`, { r, a, c });
    if (input.kind === 'poison') continue;
    members.set(`${r}/${a}`, { r, u: a });
    const { command } = input;
    if (command.type === 'message.import') {
      const reply = command.body.replyTo;
      if (reply) {
        const to = { r, a: reply.author.toLowerCase(), c: reply.clientId.toLowerCase() };
        replies.set(`${r}/${resultKey(to.a, to.c)}`, to);
      }
      continue;
    }
    const target = command.type === 'message.post' ? command.body.replyTo : command.body.target;
    if (target) messages.set(`${r}/${target}`, { r, s: target });
  }
  return {
    rooms: [...rooms],
    members: [...members.values()],
    results: [...results.values()],
    messages: [...messages.values()],
    replies: [...replies.values()],
  };
}
