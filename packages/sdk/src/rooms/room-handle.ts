// What an app does with one room: each method is a command through the outbox, a mark, or one HTTP call. No state of its own.
import { type HistoryPage, LIMITS, type MemberCommand, ParleyError, type RoomChanged } from '@parley/protocol';
import type { RoomHandle } from '../api.ts';
import type { OwnState } from '../me/own-state.ts';
import type { Http } from '../net/http.ts';
import type { Traces } from '../net/traces.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { StateStore } from '../state-store.ts';
import type { ReadMarks } from './read-marks.ts';
import type { RoomLoader } from './room-loader.ts';
import { joinOlder } from './room-state.ts';
import type { RoomSync } from './room-sync.ts';

const PAGE = 50;

export interface RoomHandleDeps {
  readonly http: Http;
  readonly store: StateStore;
  readonly outbox: Outbox;
  readonly sync: RoomSync;
  readonly loader: RoomLoader;
  readonly marks: ReadMarks;
  readonly own: OwnState;
  readonly newId: () => string;
  readonly traces: Traces;
  readonly typing: (room: string, on: boolean) => void;
  readonly onChange: (room: string) => void;
  /** Refuses when nobody is signed in or the client is closed. */
  readonly check: () => void;
}

export function createRoomHandle(id: string, deps: RoomHandleDeps): RoomHandle {
  const path = `/api/rooms/${id}`;
  const change = (method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', below: string, body?: unknown) =>
    deps.http.call<RoomChanged>(`${path}${below}`, { method, ...(body === undefined ? {} : { body }) });
  const command = async (what: DistributiveOmit<MemberCommand, 'room' | 'clientId'>) => {
    deps.check();
    const full = { ...what, room: id, clientId: deps.newId() } as MemberCommand;
    return deps.traces.watch(full, deps.outbox.send(full));
  };
  let older: Promise<void> | null = null;

  const loadOlder = async (): Promise<void> => {
    const room = deps.store.room(id);
    if (room?.summary == null) return handle.open();
    if (!room.more) return;
    const track = deps.sync.track(id);
    const tail: Parameters<typeof joinOlder>[2][number][] = [];
    track.tails.add(tail);
    try {
      const page = await deps.http.call<HistoryPage>(`${path}/messages`, { query: { before: room.from + 1, limit: PAGE } });
      const now = deps.store.room(id);
      // The run began anew meanwhile: the page belongs to what is gone.
      if (now === undefined || now.from !== room.from) return;
      if (page.at < (tail[0]?.seq ?? now.seq + 1) - 1) throw new ParleyError('unavailable', 'The server answered with an older state than it has told of.');
      deps.store.setRoom(joinOlder(now, page, tail));
      deps.onChange(id);
    } finally {
      track.tails.delete(tail);
    }
  };

  const handle: RoomHandle = {
    id,
    send(text, { replyTo = null, attachments = [], trace = false } = {}) {
      const traceparent = deps.traces.begin(trace);
      return command({
        type: 'message.post',
        ...(traceparent === undefined ? {} : { trace: traceparent }),
        body: { text, ...(replyTo === null ? {} : { replyTo }), ...(attachments.length === 0 ? {} : { attachments: [...attachments] }) },
      });
    },
    edit: (target, text) => command({ type: 'message.edit', body: { target, text } }),
    delete: (target) => command({ type: 'message.delete', body: { target } }),
    react: (target, emoji) => command({ type: 'reaction.add', body: { target, emoji } }),
    unreact: (target, emoji) => command({ type: 'reaction.remove', body: { target, emoji } }),
    markRead: (seq) => deps.marks.forward(id, seq),
    markUnread: (seq) => deps.marks.back(id, seq),
    typing: (on = true) => deps.typing(id, on),
    saveDraft: (text, replyTo = null) => deps.own.soon(`draft:${id}`, text === '' && replyTo === null ? null : { text, replyTo }),
    mute: (muted) => deps.own.put(`mute:${id}`, muted ? { muted } : null),
    async open() {
      deps.check();
      const track = deps.sync.track(id);
      track.opened = true;
      const room = deps.store.room(id);
      if (room?.summary != null && room.members !== null && track.need === null) return;
      await deps.loader.open(track);
    },
    loadOlder() {
      older ??= loadOlder().finally(() => {
        older = null;
      });
      return older;
    },
    around: (seq) => deps.http.call<HistoryPage>(`${path}/messages`, { query: { around: seq, limit: Math.min(PAGE, LIMITS.historyPage) } }),
    join: () => change('POST', '/join'),
    leave: () => change('POST', '/leave'),
    rename: (name) => change('PATCH', '', { name }),
    setTopic: (topic) => change('PATCH', '', { topic }),
    archive: (archived) => change('PATCH', '', { archived }),
    add: (users) => change('POST', '/members', { users }),
    remove: (user) => change('DELETE', `/members/${user}`),
    setRole: (user, role) => change('PUT', `/members/${user}`, { role }),
    invite: (options = {}) => deps.http.call<{ code: string }>(`${path}/invitations`, { method: 'POST', body: options }),
  };
  return handle;
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
