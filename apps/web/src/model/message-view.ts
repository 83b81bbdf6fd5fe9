// What one message shows: the committed message with my own undecided commands laid over it. Pure: the state itself never changes here.
import type { Attachment, Message, Outbox, OutboxEntry } from './shapes.ts';

/** An own command on its way. sending and accepted pass by themselves; failed waits for the reader. */
export interface Pending {
  readonly clientId: string;
  readonly state: OutboxEntry['state'];
  readonly what: 'post' | 'edit' | 'delete' | 'react';
  readonly problem: OutboxEntry['error'];
}

export interface MessageView {
  /** For ever the same, before and after the commit, so that nothing blinks. */
  readonly key: string;
  /** null until committed: it cannot be edited, answered, reacted to or linked. */
  readonly seq: number | null;
  readonly author: string;
  readonly time: number;
  readonly text: string | null;
  readonly attachments: readonly Attachment[];
  readonly replyTo: number | null;
  readonly edited: boolean;
  readonly deleted: boolean;
  readonly reactions: Readonly<Record<string, readonly string[]>>;
  readonly pending: Pending | null;
}

const NO_FILES: readonly Attachment[] = [];
const committedViews = new WeakMap<Message, MessageView>();

function viewOf(message: Message): MessageView {
  const known = committedViews.get(message);
  if (known !== undefined) return known;
  const view: MessageView = {
    key: message.clientId ?? `seq-${message.seq}`,
    seq: message.seq,
    author: message.author,
    time: message.time,
    text: message.text,
    attachments: message.attachments ?? NO_FILES,
    replyTo: message.replyTo,
    edited: message.edited !== null,
    deleted: message.deleted || message.text === null,
    reactions: message.reactions,
    pending: null,
  };
  committedViews.set(message, view);
  return view;
}

const WHAT = { 'message.post': 'post', 'message.edit': 'edit', 'message.delete': 'delete', 'reaction.add': 'react', 'reaction.remove': 'react' } as const;

const pendingOf = (entry: OutboxEntry): Pending => ({
  clientId: entry.clientId,
  state: entry.state,
  what: WHAT[entry.command.type],
  problem: entry.error,
});

function withReaction(view: MessageView, emoji: string, me: string, on: boolean): MessageView {
  const others = (view.reactions[emoji] ?? []).filter((user) => user !== me);
  const who = on ? [...others, me] : others;
  const { [emoji]: _gone, ...rest } = view.reactions;
  const had = view.reactions[emoji] !== undefined;
  if (who.length === 0) return { ...view, reactions: rest };
  return { ...view, reactions: had ? { ...view.reactions, [emoji]: who } : { ...rest, [emoji]: who } };
}

function apply(view: MessageView, entry: OutboxEntry, me: string): MessageView {
  const { command } = entry;
  const failed = entry.state === 'failed';
  switch (command.type) {
    case 'message.edit':
      return { ...view, pending: pendingOf(entry), ...(failed ? {} : { text: command.body.text, edited: true }) };
    case 'message.delete':
      return { ...view, pending: pendingOf(entry) };
    case 'reaction.add':
      return failed ? { ...view, pending: pendingOf(entry) } : withReaction(view, command.body.emoji, me, true);
    case 'reaction.remove':
      return failed ? { ...view, pending: pendingOf(entry) } : withReaction(view, command.body.emoji, me, false);
    default:
      return view;
  }
}

/** The room's messages in order, own undecided posts at the end. Unchanged messages are the same objects as before. */
export function messageViews(messages: readonly Message[], outbox: Outbox, room: string, me: string): readonly MessageView[] {
  const mine = outbox.filter((entry) => entry.command.room === room);
  const changes = new Map<number, OutboxEntry[]>();
  for (const entry of mine) {
    if (entry.command.type === 'message.post') continue;
    const { target } = entry.command.body;
    changes.set(target, [...(changes.get(target) ?? []), entry]);
  }
  const views = messages.map((message) => (changes.get(message.seq) ?? []).reduce((view, entry) => apply(view, entry, me), viewOf(message)));
  const committed = new Set(messages.map((message) => message.clientId));
  for (const entry of mine) {
    if (entry.command.type !== 'message.post' || committed.has(entry.clientId)) continue;
    views.push({
      key: entry.clientId,
      seq: null,
      author: me,
      time: entry.createdAt,
      text: entry.command.body.text,
      attachments: entry.command.body.attachments ?? NO_FILES,
      replyTo: entry.command.body.replyTo ?? null,
      edited: false,
      deleted: false,
      reactions: {},
      pending: pendingOf(entry),
    });
  }
  return views;
}
