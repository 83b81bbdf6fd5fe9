// The rules of the chat once more, the slow way: everything is worked out anew from the list of events at each command. The property tests
// hold decide to it. It shares no code with decide.
import type { RoomCommand, RoomEvent } from '@parley/protocol';

export interface ModelResult {
  readonly status: 'committed' | 'rejected';
  readonly seq: number | null;
  readonly code: string | null;
}

interface Decided extends ModelResult {
  readonly body: string;
}

export class NaiveRoom {
  readonly events: RoomEvent[] = [];
  readonly results = new Map<string, Decided>();
  mver = 0;

  /** What is told to the sender; null: nothing is (a change of rooms). */
  take(command: RoomCommand): ModelResult | null {
    if (command.type === 'room.change') {
      if (command.mver === this.mver + 1 && (this.events.length > 0 || command.change.type === 'room.created')) {
        this.mver += 1;
        this.push(command.author, command.time, null, command.change.type, command.change.body);
      }
      return null;
    }
    const key = `${command.author} ${command.clientId}`;
    const body = JSON.stringify([command.type, command.body]);
    const known = this.results.get(key);
    if (known) return known.body === body ? known : { status: 'rejected', seq: null, code: 'client_id_reused' };
    const outcome = this.judge(command);
    const result =
      typeof outcome === 'number' ? { status: 'committed' as const, seq: outcome, code: null } : { status: 'rejected' as const, seq: null, code: outcome };
    this.results.set(key, { ...result, body });
    return result;
  }

  /** The seq that the sender is told, or the code of the refusal. */
  private judge(command: Exclude<RoomCommand, { type: 'room.change' }>): number | string {
    if (this.events.length === 0) return command.type === 'message.import' ? 'not_found' : 'not_member';
    const say = (type: string, body: object) => this.push(command.author, command.time, command.clientId, type, body);
    if (command.type === 'message.import') {
      const { text, replyTo: to, ...files } = command.body;
      const seq = to === null ? null : (this.results.get(`${to.author} ${to.clientId}`)?.seq ?? null);
      return say('message.posted', { text, replyTo: seq !== null && this.message(seq, 0) ? seq : null, thread: null, ...files });
    }
    if (command.type === 'message.erase') {
      const { target } = command.body;
      if (this.message(target, 0)?.author !== command.author) return 'no_such_message';
      if (this.events.some((event) => event.type === 'message.deleted' && event.body.target === target)) return 'message_deleted';
      return say('message.deleted', { target, targetAuthor: command.author });
    }
    const me = this.member(command.author);
    if (!me) return 'not_member';
    if (this.last('room.archived', 'room.restored') === 'room.archived') return 'room_archived';
    if (command.type === 'message.post') {
      const { text, replyTo = null, ...files } = command.body;
      if (replyTo !== null && !this.message(replyTo, me.floor)) return 'no_such_message';
      return say('message.posted', { text, replyTo, thread: null, ...files });
    }
    const { target } = command.body;
    const message = this.message(target, me.floor);
    if (!message) return 'no_such_message';
    const mine = message.author === command.author;
    if (command.type === 'message.edit' && !mine) return 'not_your_message';
    if (command.type === 'message.delete' && !mine && (me.role === 'member' || this.kind() === 'direct')) return 'not_your_message';
    const changes = this.events.filter((event) => 'target' in event.body && event.body.target === target);
    if (changes.some((event) => event.type === 'message.deleted')) return 'message_deleted';
    if (command.type === 'message.edit') return say('message.edited', { target, text: command.body.text });
    if (command.type === 'message.delete') return say('message.deleted', { target, targetAuthor: message.author });
    const { emoji } = command.body;
    const reacted = changes.filter(
      (event) => event.type.startsWith('reaction.') && event.author === command.author && (event.body as { emoji: string }).emoji === emoji,
    );
    const there = reacted.at(-1)?.type === 'reaction.added';
    if (there === (command.type === 'reaction.add')) return changes.at(-1)?.seq ?? message.seq;
    return say(command.type === 'reaction.add' ? 'reaction.added' : 'reaction.removed', { target, emoji });
  }

  member(user: string): Place | null {
    let place: Place | null = null;
    let history = 'all';
    for (const event of this.events) {
      if (event.type === 'room.created') history = event.body.history;
      if ('user' in event.body && event.body.user === user) place = placeAfter(place, event, history);
    }
    return place;
  }

  /** The events as they stand: what was deleted has lost its text and its files. */
  redacted(): RoomEvent[] {
    const deleted = new Set(this.events.flatMap((event) => (event.type === 'message.deleted' ? [event.body.target] : [])));
    return this.events.map((event) => {
      const about = event.type === 'message.posted' ? event.seq : event.type === 'message.edited' ? event.body.target : 0;
      if (!deleted.has(about)) return event;
      const { attachments: _gone, ...body } = event.body as { attachments?: unknown };
      return { ...event, body: { ...body, text: null } } as RoomEvent;
    });
  }

  /** The definition of unread, over the events. */
  unread(user: string, mark: number): number {
    const deleted = new Set(this.events.flatMap((event) => (event.type === 'message.deleted' ? [event.body.target] : [])));
    return this.events.filter((event) => event.type === 'message.posted' && event.seq > mark && event.author !== user && !deleted.has(event.seq)).length;
  }

  private message(seq: number, floor: number): RoomEvent | null {
    const event = this.events[seq - 1];
    return seq > floor && event?.type === 'message.posted' ? event : null;
  }

  private kind(): string {
    const created = this.events.filter((event) => event.type === 'room.created').at(-1);
    return created?.type === 'room.created' ? created.body.kind : '';
  }

  private last(...types: string[]): string | undefined {
    return this.events.filter((event) => types.includes(event.type)).at(-1)?.type;
  }

  private push(author: string, time: number, clientId: string | null, type: string, body: object): number {
    const seq = this.events.length + 1;
    const msgNo = this.events.filter((event) => event.type === 'message.posted').length + (type === 'message.posted' ? 1 : 0);
    this.events.push({ room: '', seq, author, time, clientId, msgNo, type, body } as unknown as RoomEvent);
    return seq;
  }
}

interface Place {
  readonly role: string;
  readonly floor: number;
}

function placeAfter(place: Place | null, event: RoomEvent, history: string): Place | null {
  if (event.type === 'member.joined') return { role: event.body.role, floor: history === 'all' ? 0 : event.seq - 1 };
  if (event.type === 'member.role_changed') return place === null ? null : { ...place, role: event.body.role };
  return null;
}
