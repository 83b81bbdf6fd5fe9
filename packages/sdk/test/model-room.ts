// What a server says of a room, derived from the event list alone and written apart from the SDK's reducer: the whole list is read
// anew for each answer. Slow, plain, and the judge.
import type { AnyRoomEvent, HistoryPage, Member, Message, RoomEvent, RoomSnapshot, RoomSummary } from '@parley/protocol';

export const EPOCH = '00000000-0000-7000-8000-0000000000ee';

/** Every message as it stands after the events up to `at`. */
export function messagesAt(events: readonly AnyRoomEvent[], at: number): Message[] {
  const list: Message[] = [];
  const change = (target: number, seq: number, how: (message: Message) => Partial<Message>) => {
    const index = list.findIndex((message) => message.seq === target);
    const message = list[index];
    if (message !== undefined) list[index] = { ...message, ...how(message), ver: seq };
  };
  for (const any of events) {
    if (any.seq > at) break;
    const event = any as RoomEvent;
    if (event.type === 'message.posted') {
      const { room, seq, author, clientId, time, msgNo, body } = event;
      list.push({ room, seq, author, clientId, time, msgNo, ...body, edited: null, deleted: false, reactions: {}, ver: seq });
    } else if (event.type === 'message.edited') change(event.body.target, event.seq, () => ({ text: event.body.text, edited: event.seq }));
    else if (event.type === 'message.deleted') change(event.body.target, event.seq, () => ({ text: null, deleted: true, reactions: {} }));
    else if (event.type === 'reaction.added' || event.type === 'reaction.removed') {
      change(event.body.target, event.seq, (message) => {
        const kinds = new Map(Object.entries(message.reactions));
        const who = (kinds.get(event.body.emoji) ?? []).filter((user) => user !== event.author);
        if (event.type === 'reaction.added') who.push(event.author);
        if (who.length > 0) kinds.set(event.body.emoji, who);
        else kinds.delete(event.body.emoji);
        return { reactions: Object.fromEntries(kinds) };
      });
    }
  }
  return list;
}

export function membersAt(events: readonly AnyRoomEvent[], at: number): Member[] {
  const members = new Map<string, Member>();
  for (const any of events) {
    if (any.seq > at) break;
    const event = any as RoomEvent;
    if (event.type === 'member.joined') members.set(event.body.user, { user: event.body.user, role: event.body.role, joinSeq: event.seq });
    if (event.type === 'member.left' || event.type === 'member.removed') members.delete(event.body.user);
    const before = event.type === 'member.role_changed' ? members.get(event.body.user) : undefined;
    if (before !== undefined && event.type === 'member.role_changed') members.set(before.user, { ...before, role: event.body.role });
  }
  return [...members.values()].sort((a, b) => (a.user < b.user ? -1 : 1));
}

/** `mark`: what the user has said is read, beside own posts. */
export function summaryAt(events: readonly AnyRoomEvent[], at: number, me: string, mark: { seq: number; n: number }): RoomSummary {
  const seen = events.filter((event) => event.seq <= at) as RoomEvent[];
  const last = <T extends RoomEvent['type']>(type: T) => seen.findLast((event): event is Extract<RoomEvent, { type: T }> => event.type === type);
  const posts = messagesAt(events, at);
  const members = membersAt(events, at);
  const mine = members.find((member) => member.user === me);
  const created = last('room.created')!;
  const ownPost = posts.findLast((message) => message.author === me)?.seq ?? 0;
  const readSeq = Math.max(mark.seq, ownPost);
  return {
    room: created.room,
    epoch: EPOCH,
    seq: at,
    msgNo: posts.length,
    kind: created.body.kind,
    name: last('room.renamed')?.body.name ?? created.body.name,
    topic: last('room.topic_changed')?.body.topic ?? created.body.topic,
    visibility: created.body.visibility,
    history: created.body.history,
    archived: (last('room.archived')?.seq ?? 0) > (last('room.restored')?.seq ?? 0),
    memberCount: members.length,
    people: null,
    role: mine?.role ?? 'member',
    floor: 0,
    joinSeq: mine?.joinSeq ?? 0,
    read: {
      seq: readSeq,
      n: mark.n,
      unread: posts.filter((message) => message.seq > readSeq && message.author !== me && !message.deleted).length,
      at,
    },
    lastMessageAt: posts.at(-1)?.time ?? null,
  };
}

const isNotice = (event: AnyRoomEvent) => /^(room|member)\./.test(event.type);

export function snapshotAt(events: readonly AnyRoomEvent[], at: number, me: string, limit: number, mark = { seq: 0, n: 0 }): RoomSnapshot {
  const all = messagesAt(events, at);
  const messages = all.slice(-limit);
  const from = all.length > limit ? all[all.length - limit - 1]!.seq : 0;
  const notices = events.filter((event) => event.seq > from && event.seq <= at && isNotice(event));
  return { room: summaryAt(events, at, me, mark), members: membersAt(events, at), messages, notices, from, more: from > 0 };
}

/** Messages before `before`, as they stand at event `at`. */
export function pageAt(events: readonly AnyRoomEvent[], at: number, before: number, limit: number): HistoryPage {
  const all = messagesAt(events, at).filter((message) => message.seq < before);
  const messages = all.slice(-limit);
  const from = all.length > limit ? all[all.length - limit - 1]!.seq : 0;
  const notices = events.filter((event) => event.seq > from && event.seq < before && isNotice(event));
  return { at, from, to: before - 1, messages, notices, moreBefore: from > 0, moreAfter: true };
}
