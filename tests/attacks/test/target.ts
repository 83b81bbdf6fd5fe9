// What is attacked: a Parley in this process, people on it, and the two ways in (HTTP and a stock Socket.IO socket) with nothing of the SDK
// between, so that an attack sends exactly what it says.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startParley } from '@parley/cli';
import { LIMITS, LOAD_KEY_HEADER } from '@parley/protocol';
import { io, type Socket } from 'socket.io-client';
import { expect } from 'vitest';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Of the error, or 'ok' for 2xx. */
  readonly code: string;
  readonly text: string;
  readonly retryAfterMs: number | undefined;
}

export interface Someone {
  readonly handle: string;
  readonly password: string;
  readonly user: string;
  readonly session: string;
  readonly token: string;
  readonly refreshToken: string;
}

export interface Request {
  readonly token?: string;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string;
  readonly headers?: Record<string, string>;
}

export interface Target {
  readonly url: string;
  readonly operator: Someone;
  readonly loadKey: string;
  call(method: string, path: string, request?: Request): Promise<Answer>;
  /** The same, where anything but 2xx fails the test. */
  must<T = Record<string, unknown>>(method: string, path: string, request?: Request): Promise<T>;
  /** Registers somebody of class load, or of class person without the load key. */
  someone(name: string, options?: { loadKey?: boolean }): Promise<Someone>;
  login(someone: Someone, headers?: Record<string, string>): Promise<Someone>;
  /** A private channel of its owner with these members. */
  channel(owner: Someone, members?: readonly Someone[], more?: object): Promise<string>;
  /** Connects; rejects with the typed refusal. Nothing is resumed. */
  socket(token: string): Promise<Socket>;
  post(socket: Socket, room: string, text: string): Promise<CommandEnd>;
  close(): Promise<void>;
}

export interface CommandEnd {
  readonly status: 'committed' | 'rejected' | 'refused';
  readonly code?: string;
  readonly seq?: number;
}

type Tokens = { user: { id: string }; session: string; accessToken: string; refreshToken: string };
let counter = 0;

export async function attackTarget(): Promise<Target> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-attack-'));
  const server = await startParley({ dataDir });
  const sockets = new Set<Socket>();
  const call = (method: string, path: string, request: Request = {}): Promise<Answer> => callAt(server.url, method, path, request);
  const must: Target['must'] = async <T>(method: string, path: string, request: Request = {}) => {
    const answer = await call(method, path, request);
    expect(answer.code, `${method} ${path}: ${answer.text.slice(0, 300)}`).toBe('ok');
    return answer.body as T;
  };
  const signIn = async (path: string, handle: string, password: string, headers: Record<string, string>): Promise<Someone> => {
    const { user, session, accessToken, refreshToken } = await must<Tokens>('POST', path, { body: { handle, password }, headers });
    return { handle, password, user: user.id, session, token: accessToken, refreshToken };
  };
  const operator = await signIn('/api/accounts/register', 'operator', 'operator password', {});
  const { key: loadKey } = await must<{ key: string }>('POST', '/api/load-keys', { token: operator.token });
  const keyed = { [LOAD_KEY_HEADER]: loadKey };

  return {
    url: server.url,
    operator,
    loadKey,
    call,
    must,
    someone: (name, options = {}) => {
      const handle = `${name.toLowerCase()}-${(counter++).toString(36)}`;
      return signIn('/api/accounts/register', handle, `${handle} password`, options.loadKey === false ? {} : keyed);
    },
    login: ({ handle, password }, headers = keyed) => signIn('/api/accounts/login', handle, password, headers),
    channel: async (owner, members = [], more = {}) => {
      const body = { kind: 'channel', name: `room ${counter++}`, visibility: 'private', members: members.map((member) => member.user), ...more };
      return (await must<{ room: string }>('POST', '/api/rooms', { token: owner.token, body })).room;
    },
    socket: (token) => connect(server.url, token, sockets),
    post: (socket, room, text) => command(socket, postOf(room, text)),
    close: async () => {
      for (const socket of sockets) socket.disconnect();
      await server.stop();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
    },
  };
}

export async function callAt(url: string, method: string, path: string, request: Request = {}): Promise<Answer> {
  const body = request.raw ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(request.token === undefined ? {} : { authorization: `Bearer ${request.token}` }),
      ...request.headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  const parsed = parse(text);
  const error = (parsed as { error?: { code: string; retryAfterMs?: number } } | undefined)?.error;
  return {
    status: response.status,
    body: parsed,
    text,
    code: response.ok ? 'ok' : (error?.code ?? `HTTP ${response.status}`),
    retryAfterMs: error?.retryAfterMs,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function connect(url: string, token: string, sockets: Set<Socket> = new Set()): Promise<Socket> {
  const socket = io(url, { transports: ['websocket'], reconnection: false, forceNew: true, auth: { token, protocol: LIMITS.protocolVersion } });
  sockets.add(socket);
  return new Promise((resolve, reject) => {
    socket.once('hello', () => resolve(socket));
    socket.once('connect_error', reject);
    // The gateway may take a socket and say goodbye at once.
    socket.once('bye', (bye: object) => reject(Object.assign(new Error('bye'), { data: bye })));
    socket.once('disconnect', (reason) => reject(new Error(`closed: ${reason}`)));
  });
}

export interface Command {
  readonly type: string;
  readonly room: string;
  readonly clientId: string;
  readonly body: object;
}

export const postOf = (room: string, text: string): Command => ({ type: 'message.post', room, clientId: randomUUID(), body: { text } });

/** Sends the command and waits for its one end: refused by the gateway, rejected, or committed. */
export async function command(socket: Socket, sent: Command): Promise<CommandEnd> {
  let stopWaiting = (): void => {};
  const result = new Promise<CommandEnd>((resolve) => {
    const take = (end: CommandEnd & { clientId: string; room: string }): void => {
      if (end.clientId === sent.clientId && end.room === sent.room) resolve(end);
    };
    socket.on('result', take);
    stopWaiting = () => socket.off('result', take);
  });
  try {
    const ack = await socket.timeout(15_000).emitWithAck('send', sent);
    return ack.ok ? await result : { status: 'refused', code: ack.error.code };
  } finally {
    stopWaiting();
  }
}

/** Everything of the body replaced, the signature kept: what somebody without the key can make of a token. */
export function forge(token: string, claims: object): string {
  const [head, payload = '', signature] = token.split('.');
  const body = { ...(JSON.parse(Buffer.from(payload, 'base64url').toString()) as object), ...claims };
  return [head, Buffer.from(JSON.stringify(body)).toString('base64url'), signature].join('.');
}
