// Clean histories from a seed: a tiny model of rooms, members, clients and lossless delivery with lags, reconnects and churn. It knows
// nothing of the checker's code but the record format, so that a clean history that fails points at the checker.
import type { AnyRoomEvent, Member, MemberCommand, Message } from '@parley/protocol';
import type { Observation } from '@parley/sdk';
import { foldFinalRoom } from '../final-rooms.ts';
import type { FinalRoomRecord, HistoryRecord } from '../history.ts';

/** mulberry32: small, and the same everywhere. */
export function seeded(seed: number): { next(): number; int(below: number): number; pick<T>(from: readonly T[]): T } {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const int = (below: number): number => Math.floor(next() * below);
  return { next, int, pick: (from) => from[int(from.length)] as (typeof from)[number] };
}

type Queued = { readonly event: AnyRoomEvent } | { readonly saw: Observation } | { readonly snapshot: string };

interface Client {
  readonly name: string;
  readonly user: string;
  online: boolean;
  readonly places: Map<string, number>;
  queue: Queued[];
}

interface Room {
  readonly id: string;
  readonly history: 'all' | 'since_join';
  readonly events: AnyRoomEvent[];
  readonly members: Map<string, Member>;
  msgNo: number;
}

class World {
  readonly rng;
  readonly records: HistoryRecord[] = [];
  readonly rooms: Room[] = [];
  readonly clients: Client[] = [];
  readonly users: string[] = [];
  readonly marks = new Map<string, { seq: number; n: number }>();
  private t = 0;
  private ids = 0xa00;

  constructor(seed: number) {
    this.rng = seeded(seed);
    // The fifth is in no room ever.
    for (let i = 0; i < 5; i++) {
      const user = this.id();
      this.users.push(user);
      for (let j = 0; j <= i % 2; j++) this.clients.push({ name: `u${i}d${j}`, user, online: true, places: new Map(), queue: [] });
    }
    for (const client of this.clients) this.say(client, { kind: 'connected', gateway: 'g' });
    for (const history of ['all', 'since_join'] as const) {
      const room: Room = { id: this.id(), history, events: [], members: new Map(), msgNo: 0 };
      this.rooms.push(room);
      const owner = this.users[0] as string;
      this.commit(room, owner, null, 'room.created', { kind: 'group', name: 'r', topic: '', visibility: 'private', history });
      for (const user of this.users.slice(0, 3)) this.join(room, user);
    }
  }

  id(): string {
    return `00000000-0000-7000-8000-${(++this.ids).toString(16).padStart(12, '0')}`;
  }
  say(client: Client, saw: Observation): void {
    this.records.push({ t: this.t++, client: client.name, user: client.user, saw });
  }
  of(user: string): Client[] {
    return this.clients.filter((client) => client.user === user);
  }

  commit(room: Room, author: string, clientId: string | null, type: string, body: object): AnyRoomEvent {
    if (type === 'message.posted') room.msgNo++;
    const event = { room: room.id, seq: room.events.length + 1, author, time: this.t, clientId, msgNo: room.msgNo, type, body } as AnyRoomEvent;
    room.events.push(event);
    for (const client of this.clients) if (client.online && room.members.has(client.user)) client.queue.push({ event });
    if (type === 'message.posted') this.mark(room, author, event.seq);
    return event;
  }
  mark(room: Room, user: string, seq: number): void {
    const key = `${room.id}/${user}`;
    const mark = this.marks.get(key) ?? { seq: 0, n: 0 };
    if (seq > mark.seq) this.marks.set(key, { seq, n: mark.n + 1 });
  }

  join(room: Room, user: string): void {
    this.records.push({ t: this.t++, asked: 'join', room: room.id, user });
    const event = this.commit(room, user, null, 'member.joined', { user, role: 'member' });
    room.members.set(user, { user, role: 'member', joinSeq: event.seq });
    this.mark(room, user, event.seq);
    for (const client of this.of(user)) if (client.online) client.queue.push({ snapshot: room.id });
  }
  remove(room: Room, user: string): void {
    room.members.delete(user);
    const left = this.rng.int(2) === 0;
    this.commit(room, user, null, left ? 'member.left' : 'member.removed', { user });
    for (const client of this.of(user)) if (client.online) client.queue.push({ saw: { kind: 'frame', name: 'gone', payload: { room: room.id } } });
  }

  command(client: Client, room: Room): MemberCommand {
    const base = { room: room.id, clientId: this.id() };
    const own = room.events.filter((event) => event.type === 'message.posted' && event.author === client.user);
    const kind = this.rng.int(10);
    const target = own.length > 0 ? this.rng.pick(own).seq : 0;
    const text = `canary-${room.id} ${this.rng.int(1000)}`;
    if (target === 0 || kind < 6) return { type: 'message.post', ...base, body: { text, replyTo: null } };
    if (kind === 6) return { type: 'message.edit', ...base, body: { target, text } };
    if (kind === 7) return { type: 'message.delete', ...base, body: { target } };
    return { type: kind === 8 ? 'reaction.add' : 'reaction.remove', ...base, body: { target, emoji: this.rng.pick(['👍', '🎉']) } };
  }

  decide(client: Client, room: Room, command: MemberCommand): void {
    const target = 'target' in command.body ? command.body.target : 0;
    const gone = room.events.find((event) => event.type === 'message.deleted' && (event.body as { target: number }).target === target);
    const result = { room: room.id, clientId: command.clientId };
    if (gone !== undefined) {
      const payload = { ...result, status: 'rejected', code: 'message_deleted' };
      for (const own of this.of(client.user)) own.queue.push({ saw: { kind: 'frame', name: 'result', payload } });
      return;
    }
    const type = { 'message.post': 'message.posted', 'message.edit': 'message.edited', 'message.delete': 'message.deleted' } as Record<string, string>;
    const body: object = command.type === 'message.post' ? { ...command.body, thread: null } : command.body;
    const extra = command.type === 'message.delete' ? { targetAuthor: client.user } : {};
    const event = this.commit(room, client.user, command.clientId, type[command.type] ?? `${command.type}${command.type.endsWith('d') ? 'ed' : 'd'}`, {
      ...body,
      ...extra,
    });
    for (const own of this.of(client.user))
      own.queue.push({ saw: { kind: 'frame', name: 'result', payload: { ...result, status: 'committed', seq: event.seq } } });
    if (command.type === 'message.delete') this.redact(room, target);
  }
  redact(room: Room, target: number): void {
    for (const [i, event] of room.events.entries()) {
      const body = event.body as { target?: number };
      const hit = event.seq === target || (event.type === 'message.edited' && body.target === target);
      if (hit) room.events[i] = { ...event, body: { ...event.body, text: null } } as AnyRoomEvent;
    }
  }

  send(client: Client): void {
    const mine = this.rooms.filter((room) => room.members.has(client.user));
    if (mine.length === 0) return;
    const room = this.rng.pick(mine);
    const command = this.command(client, room);
    this.say(client, { kind: 'invoke', command, attempt: 1 });
    const fate = this.rng.int(12);
    const at = { room: room.id, clientId: command.clientId };
    if (fate === 0) {
      this.say(client, { kind: 'refused', ...at, error: { code: 'too_large', message: '' } });
      return;
    }
    if (fate === 1) {
      this.say(client, { kind: 'unknown', ...at, error: { code: 'unavailable', message: '' } });
      this.say(client, { kind: 'invoke', command, attempt: 2 });
    }
    if (this.rng.int(2) === 0) this.say(client, { kind: 'accepted', ...at });
    else client.queue.push({ saw: { kind: 'accepted', ...at } });
    this.decide(client, room, command);
  }

  deliver(client: Client): void {
    const next = client.queue.shift();
    if (next === undefined) return;
    if ('saw' in next) {
      if (next.saw.kind === 'frame' && next.saw.name === 'gone') client.places.delete((next.saw.payload as { room: string }).room);
      this.say(client, next.saw);
      return;
    }
    if ('snapshot' in next) {
      const room = this.rooms.find((one) => one.id === next.snapshot) as Room;
      // Position first: what is queued behind and covered by the snapshot is dropped.
      client.places.delete(room.id);
      if (!room.members.has(client.user)) return;
      client.places.set(room.id, room.events.length);
      this.say(client, { kind: 'snapshot', room: room.id, seq: room.events.length, epoch: 'e' });
      return;
    }
    const { event } = next;
    this.say(client, { kind: 'frame', name: 'event', payload: event });
    // Without a place (the snapshot was refused, the stay is over) nothing can be applied.
    if (event.seq <= (client.places.get(event.room) ?? Number.POSITIVE_INFINITY)) return;
    client.places.set(event.room, event.seq);
    this.say(client, { kind: 'applied', event });
  }

  toggle(client: Client): void {
    if (client.online) {
      client.online = false;
      client.queue = client.queue.filter((queued) => 'saw' in queued);
      this.say(client, { kind: 'disconnected', reason: 'cut' });
      return;
    }
    client.online = true;
    this.say(client, { kind: 'connected', gateway: 'h' });
    for (const room of this.rooms) {
      const member = room.members.get(client.user);
      if (member === undefined) continue;
      const place = client.places.get(room.id) ?? -1;
      if (place < member.joinSeq || room.events.length - place > 15) client.queue.push({ snapshot: room.id });
      else for (const event of room.events.slice(place)) client.queue.push({ event });
    }
  }

  step(): void {
    const client = this.rng.pick(this.clients);
    const what = this.rng.int(100);
    if (what < 20 && client.online) this.send(client);
    else if (what < 23) this.toggle(client);
    else if (what < 26) {
      const room = this.rng.pick(this.rooms);
      const user = this.rng.pick(this.users.slice(1, 4));
      if (room.members.has(user)) this.remove(room, user);
      else this.join(room, user);
    } else if (client.online) for (let i = 0; i < 3; i++) this.deliver(client);
  }

  finish(): void {
    for (const client of this.clients) {
      if (!client.online) this.toggle(client);
      while (client.queue.length > 0) this.deliver(client);
    }
    const finals = this.rooms.map(
      (room): FinalRoomRecord => ({ final: 'room', room: room.id, history: room.history, events: room.events, members: [...room.members.values()] }),
    );
    for (const final of finals) {
      const { messages } = foldFinalRoom(final);
      for (const client of this.clients) this.view(client, final, [...messages.values()]);
    }
    this.records.push(...finals);
  }

  view(client: Client, room: FinalRoomRecord, messages: readonly Message[]): void {
    const member = room.members.find((one) => one.user === client.user);
    const mark = this.marks.get(`${room.room}/${client.user}`) ?? { seq: 0, n: 0 };
    if (member === undefined) return;
    const from = Math.max(this.rng.int(10), room.history === 'all' ? 0 : member.joinSeq - 1);
    const head = room.events.length;
    const mine = messages.filter((message) => message.seq > from);
    const unread = messages.filter(
      (message) => message.seq > mark.seq && message.seq > member.joinSeq && message.author !== client.user && !message.deleted,
    ).length;
    const read = { ...mark, unread, at: head };
    this.records.push({ final: 'view', client: client.name, user: client.user, room: room.room, seq: head, messages: mine, from, read });
  }
}

/** The history of this seed; `steps` of the model before it comes to rest. */
export function generateHistory(seed: number, steps = 400): HistoryRecord[] {
  const world = new World(seed);
  for (let i = 0; i < steps; i++) world.step();
  world.finish();
  return world.records;
}
