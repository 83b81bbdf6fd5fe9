// Own undecided commands laid over committed messages.
import { expect, it } from 'vitest';
import { messageViews } from './message-view.ts';
import type { Message, OutboxEntry } from './shapes.ts';

const committed = (seq: number, more: Partial<Message> = {}): Message => ({
  room: 'r',
  seq,
  author: 'ada',
  clientId: `c${seq}`,
  time: seq,
  msgNo: seq,
  text: `text ${seq}`,
  replyTo: null,
  thread: null,
  edited: null,
  deleted: false,
  reactions: {},
  ver: seq,
  ...more,
});
const entry = (clientId: string, command: Pick<OutboxEntry['command'], 'type' | 'body'>, state: OutboxEntry['state'] = 'sending', room = 'r'): OutboxEntry => ({
  clientId,
  command: { ...command, room, clientId } as OutboxEntry['command'],
  state,
  error: null,
  createdAt: 100,
});
const post = (clientId: string, room = 'r') => entry(clientId, { type: 'message.post', body: { text: 'hi' } }, 'sending', room);

it('shows an own post at the end before it is committed, under the key that it keeps', () => {
  const before = messageViews([committed(1)], [post('mine')], 'r', 'me');
  expect(before.map((view) => [view.key, view.seq, view.pending?.state])).toEqual([
    ['c1', 1, undefined],
    ['mine', null, 'sending'],
  ]);
  const after = messageViews([committed(1), committed(2, { clientId: 'mine', author: 'me' })], [], 'r', 'me');
  expect(after.map((view) => view.key)).toEqual(['c1', 'mine']);
});

it('shows a post once while it is both committed and still in the outbox', () => {
  expect(messageViews([committed(2, { clientId: 'mine' })], [post('mine')], 'r', 'me')).toHaveLength(1);
});

it('leaves out what belongs to other rooms', () => {
  expect(messageViews([], [post('other', 'elsewhere')], 'r', 'me')).toEqual([]);
});

it('answers the same object for a message that did not change', () => {
  const message = committed(1);
  expect(messageViews([message], [], 'r', 'me')[0]).toBe(messageViews([message], [post('mine')], 'r', 'me')[0]);
});

it('shows an own edit at once, and the committed text again when it failed', () => {
  const edit = { type: 'message.edit' as const, body: { target: 1, text: 'better' } };
  expect(messageViews([committed(1)], [entry('e', edit)], 'r', 'me')[0]).toMatchObject({ text: 'better', edited: true, pending: { what: 'edit' } });
  expect(messageViews([committed(1)], [entry('e', edit, 'failed')], 'r', 'me')[0]).toMatchObject({
    text: 'text 1',
    edited: false,
    pending: { state: 'failed' },
  });
});

it('shows own reactions at once, on and off, without doubling them', () => {
  const message = committed(1, { reactions: { '👍': ['ada', 'me'], '🎉': ['me'] } });
  const add = messageViews([message], [entry('a', { type: 'reaction.add', body: { target: 1, emoji: '👍' } })], 'r', 'me')[0];
  expect(add?.reactions['👍']).toEqual(['ada', 'me']);
  const remove = messageViews([message], [entry('b', { type: 'reaction.remove', body: { target: 1, emoji: '🎉' } })], 'r', 'me')[0];
  expect(Object.keys(remove?.reactions ?? {})).toEqual(['👍']);
});
