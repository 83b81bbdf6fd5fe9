// A Parley in one object for the SDK's stories: HTTP by `fetch`, the socket by `transport`, truth by model-room. It can lose events,
// cut connections, refuse calls and go away, when a story says so. It checks nothing that the stories do not need.
import type { AnyRoomEvent, CommandResult, ErrorBody, MemberCommand, ResumeRequest, StateChange, Tokens } from '@parley/protocol';
import type { Transport, TransportListener } from '../src/api.ts';
import type { ManualClock } from './manual-clock.ts';
import { EPOCH, pageAt, snapshotAt, summaryAt } from './model-room.ts';
import { beginning, grow, ME, nextId } from './random-events.ts';

interface Socket {
  readonly listener: TransportListener;
  readonly user: string;
  /** Requests without an answer. */
  readonly waiting: Set<(error: Error) => void>;
  resumed: boolean;
  open: boolean;
}

const json = (status: number, body: unknown): Response => new Response(status === 204 ? null : JSON.stringify(body), { status });
const failure = (code: string, status = 400): Response => json(status, { error: { code, message: code } });

export function createModelServer(clock: ManualClock) {
  const rooms = new Map<string, AnyRoomEvent[]>();
  const state: { ver: number; map: Map<string, StateChange> } = { ver: 0, map: new Map() };
  const results = new Map<string, CommandResult>();
  const sockets = new Set<Socket>();
  const calls: string[] = [];
  const frames: { name: string; payload: unknown }[] = [];
  const handshakes: number[] = [];
  const faults = {
    /** Answers an HTTP call instead of the server; undefined: the server answers. */
    http: (_method: string, _path: string): Response | 'cut' | undefined => undefined,
    loseEvent: (_event: AnyRoomEvent): boolean => false,
    loseState: false,
    handshake: null as ErrorBody | null,
    ack: (_command: MemberCommand): unknown => undefined,
    /** Answers this instead of what was worked out. */
    resume: (answer: object): unknown => answer,
    /** Runs when a resume has been worked out and before it is answered. */
    duringResume: (_emit: (name: string, payload: unknown) => void): void => {},
    /** HTTP answers are worked out at once and arrive after this. */
    slow: Promise.resolve(),
  };
  let generation = 1;
  let session = nextId();
  const valid = new Map<string, number>();

  const tokens = (): Tokens => {
    const issued = Math.floor(clock.now() / 1000);
    const accessToken = `h.${btoa(JSON.stringify({ iat: issued, n: generation }))}.s`;
    valid.set(accessToken, clock.now() + 600_000);
    const user = { id: ME, handle: 'me', name: 'Me', ver: 1, bot: false };
    return { user, role: 'owner', session, accessToken, accessExpiresAt: clock.now() + 600_000, refreshToken: `refresh-${generation}` };
  };
  const emit = (socket: Socket, name: string, payload: unknown) => {
    if (socket.open) queueMicrotask(() => socket.open && socket.listener.frame(name, payload));
  };
  const change = (key: string, value: unknown) => {
    const next = { key, value, ver: ++state.ver };
    state.map.set(key, next);
    if (!faults.loseState) for (const socket of sockets) if (socket.resumed) emit(socket, 'state', { changes: [next] });
  };
  const mark = (room: string) => (state.map.get(`read:${room}`)?.value as { seq: number; n: number } | undefined) ?? { seq: 0, n: 0 };
  const isMine = (room: string) => state.map.get(`room:${room}`)?.value != null;
  const eventsOf = (room: string) => rooms.get(room) ?? [];
  const deliver = (event: AnyRoomEvent) => {
    for (const socket of sockets) if (socket.resumed && isMine(event.room) && !faults.loseEvent(event)) emit(socket, 'event', event);
  };

  const append = (room: string, choice: readonly [number, number, number]): boolean => {
    const before = eventsOf(room);
    const after = grow(before, choice).map((event) => ({ ...event, room }));
    rooms.set(room, after);
    const event = after.length > before.length ? after.at(-1)! : null;
    if (event !== null) committed(event);
    return event !== null;
  };
  const committed = (event: AnyRoomEvent) => {
    if (event.type === 'message.posted' && event.author === ME) {
      const read = summaryAt(eventsOf(event.room), event.seq, ME, mark(event.room)).read;
      change(`read:${event.room}`, read);
    }
    deliver(event);
  };
  const command = (socket: Socket, sent: MemberCommand): unknown => {
    const instead = faults.ack(sent);
    if (instead !== undefined) return instead;
    let result = results.get(sent.clientId);
    if (result === undefined) {
      const events = eventsOf(sent.room);
      const last = events.at(-1)!;
      const text = sent.type === 'message.post' ? sent.body.text : '';
      const event: AnyRoomEvent = {
        room: sent.room,
        seq: last.seq + 1,
        author: ME,
        time: clock.now(),
        clientId: sent.clientId,
        msgNo: last.msgNo + 1,
        type: 'message.posted',
        body: { text, replyTo: null, thread: null },
      };
      rooms.set(sent.room, [...events, event]);
      result = { room: sent.room, clientId: sent.clientId, status: 'committed', seq: event.seq };
      results.set(sent.clientId, result);
      committed(event);
    }
    emit(socket, 'result', result);
    return { ok: true, status: 'accepted' };
  };

  const changesAfter = (after: number | null) => ({
    ver: state.ver,
    full: after === null,
    changes: [...state.map.values()].filter((one) => one.ver > (after ?? 0)).sort((a, b) => a.ver - b.ver),
  });
  const resume = (socket: Socket, request: ResumeRequest): unknown => {
    const answer: Record<string, { from: number; head: number; reset: boolean }> = {};
    const behind: AnyRoomEvent[] = [];
    for (const [room, events] of rooms) {
      if (!isMine(room)) continue;
      const head = events.length;
      const place = request.rooms[room];
      const reset = place !== undefined && (place.epoch !== EPOCH || head - place.seq > 1_000);
      const from = place === undefined || reset ? head : place.seq;
      answer[room] = { from, head, reset };
      behind.push(...events.slice(from));
    }
    faults.duringResume((name, payload) => emit(socket, name, payload));
    queueMicrotask(() => {
      socket.resumed = true;
      for (const event of behind) if (!faults.loseEvent(event)) emit(socket, 'event', event);
      for (const room of Object.keys(answer)) emit(socket, 'live', { room, seq: eventsOf(room).length });
    });
    const gone = Object.keys(request.rooms).filter((room) => !isMine(room));
    return faults.resume({ ok: true, epoch: EPOCH, me: changesAfter(request.me), rooms: answer, gone });
  };
  const request = (socket: Socket, name: string, payload: unknown): unknown => {
    frames.push({ name, payload });
    if (name === 'resume') return resume(socket, payload as ResumeRequest);
    if (name === 'send') return command(socket, payload as MemberCommand);
    if (name === 'watch') return { ok: true, people: (payload as { people: string[] }).people.map((user) => ({ user, state: 'online' })) };
    if (name === 'read') {
      const { room, seq, n } = payload as { room: string; seq: number; n: number };
      if (n > mark(room).n) change(`read:${room}`, summaryAt(eventsOf(room), eventsOf(room).length, ME, { seq, n }).read);
    }
    return { ok: true };
  };
  const end = (socket: Socket, reason: string, refused: ErrorBody | null = null) => {
    if (!socket.open) return;
    socket.open = false;
    sockets.delete(socket);
    for (const reject of socket.waiting) reject(new Error('closed'));
    socket.listener.closed(reason, refused);
  };

  const transport: Transport = {
    open({ auth, listener }) {
      const waiting = new Set<(error: Error) => void>();
      const socket: Socket = { listener, user: ME, waiting, resumed: false, open: true };
      handshakes.push(clock.now());
      void auth().then((value) => {
        const { token } = value as { token: string };
        if (faults.handshake !== null) return end(socket, 'refused', faults.handshake);
        if ((valid.get(token) ?? 0) <= clock.now()) return end(socket, 'refused', { code: 'token_expired', message: 'x' });
        sockets.add(socket);
        listener.connected();
        emit(socket, 'hello', { protocol: 1, user: ME, session, epoch: EPOCH, serverTime: clock.now(), gateway: 'model' });
      });
      return {
        request: (name, payload, timeoutMs) =>
          new Promise((resolve, reject) => {
            if (!socket.open) return reject(new Error('closed'));
            waiting.add(reject);
            const cancel = clock.after(timeoutMs, () => reject(new Error('timeout')));
            queueMicrotask(() => {
              const answer = socket.open ? request(socket, name, payload) : 'lost';
              if (answer === 'lost') return;
              cancel();
              waiting.delete(reject);
              resolve(answer);
            });
          }),
        send: (name, payload) => void frames.push({ name, payload }),
        close: () => end(socket, 'closed by the client'),
      };
    },
  };

  const route = (path: string, query: URLSearchParams, body: Record<string, unknown>): Response => {
    if (path === '/api/accounts/login' || path === '/api/accounts/register') return json(200, tokens());
    if (path === '/api/accounts/refresh') {
      if (body.refreshToken !== `refresh-${generation}`) return failure('refresh_reused', 401);
      generation++;
      return json(200, tokens());
    }
    if (path === '/api/accounts/logout') return json(204, null);
    if (path === '/api/me/erase') {
      if (body.password !== 'x') return failure('invalid_credentials', 401);
      for (const socket of sockets) emit(socket, 'bye', { code: 'session_revoked', message: 'x' });
      return json(202, { saga: nextId() });
    }
    if (path === '/api/me/changes') return json(200, changesAfter(Number(query.get('after'))));
    if (path === '/api/me/rooms') {
      const ids = query.get('ids')?.split(',') ?? [...rooms.keys()];
      const mine = ids.filter(isMine);
      return json(200, { rooms: mine.map((room) => summaryAt(eventsOf(room), eventsOf(room).length, ME, mark(room))) });
    }
    if (path.startsWith('/api/me/state/')) {
      change(decodeURIComponent(path.slice('/api/me/state/'.length)), body.value);
      return json(200, {});
    }
    if (path === '/api/people') {
      const ids = query.get('ids')?.split(',') ?? [];
      return json(200, { people: ids.map((id) => ({ id, handle: id.slice(-2), name: `P ${id.slice(-2)}`, ver: 1, bot: false })) });
    }
    const [, room = '', what = ''] = /^\/api\/rooms\/([^/]+)\/(\w+)$/.exec(path) ?? [];
    const events = eventsOf(room);
    if (!isMine(room)) return failure('not_member', 403);
    if (what === 'snapshot') return json(200, snapshotAt(events, events.length, ME, Number(query.get('limit')), mark(room)));
    if (what === 'messages') return json(200, pageAt(events, events.length, Number(query.get('before')), Number(query.get('limit'))));
    if (what === 'events') {
      const after = Number(query.get('after'));
      return json(200, { events: events.slice(after, after + Number(query.get('limit'))), head: events.length });
    }
    return failure('not_found', 404);
  };
  const fetchModel: typeof fetch = async (input, init = {}) => {
    const url = new URL(String(input));
    const method = init.method ?? 'GET';
    calls.push(`${method} ${url.pathname}`);
    const instead = faults.http(method, url.pathname);
    if (instead === 'cut') throw new TypeError('fetch failed');
    if (instead !== undefined) return instead;
    const token = new Headers(init.headers).get('authorization')?.slice('Bearer '.length);
    if (token !== undefined && (valid.get(token) ?? 0) <= clock.now()) return failure('token_expired', 401);
    const answer = route(url.pathname, url.searchParams, init.body == null ? {} : (JSON.parse(String(init.body)) as Record<string, unknown>));
    await faults.slow;
    return answer;
  };

  return {
    transport,
    fetch: fetchModel,
    faults,
    calls,
    frames,
    handshakes,
    addRoom(room: string): void {
      if (!rooms.has(room))
        rooms.set(
          room,
          beginning().map((event) => ({ ...event, room })),
        );
      change(`room:${room}`, { role: 'owner', floor: 0, joinSeq: 2 });
      for (const socket of sockets) if (socket.resumed) emit(socket, 'live', { room, seq: eventsOf(room).length });
    },
    removeRoom(room: string): void {
      change(`room:${room}`, null);
      for (const socket of sockets) emit(socket, 'gone', { room });
    },
    append,
    change,
    events: eventsOf,
    fresh: (room: string, limit: number) => snapshotAt(eventsOf(room), eventsOf(room).length, ME, limit, mark(room)),
    say(name: string, payload: unknown): void {
      for (const socket of sockets) emit(socket, name, payload);
    },
    cut(): void {
      for (const socket of [...sockets]) end(socket, 'transport close');
    },
    newSession(): void {
      session = nextId();
      generation++;
    },
    sockets: () => sockets.size,
  };
}
