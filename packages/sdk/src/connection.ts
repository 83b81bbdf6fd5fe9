// Stays connected: opens the socket, resumes from the places held, hands on frames in order, comes back with jitter when it ends.
// It decides nothing about rooms, and never reports "online" before the resume was answered and taken.
import { type ErrorBody, LIMITS, ParleyError, type ResumeAnswer, type ResumeRequest, type ServerFrame, type ServerFrameName } from '@parley/protocol';
import type { ConnectionStatus, Observation, SdkClock, Transport, TransportConnection, TransportListener } from './api.ts';
import { createBackOff } from './net/back-off.ts';
import { asParleyError, errorBodyOf, errorFrom } from './net/error-of.ts';

const HELLO_TIMEOUT_MS = 15_000;
const RESUME_TIMEOUT_MS = 15_000;
/** A connection that lasted this long was a good one: the next wait begins small again. */
const STABLE_MS = 30_000;
/** Unanswered requests this far apart, and none answered between: the server has forgotten this socket, or will never get to it. */
const DEAF_MS = 5_000;

/** No later try is answered differently. */
const REFUSED: ReadonlySet<string> = new Set(['unsupported_protocol', 'origin_refused', 'forbidden']);

export type Frames = { [N in Exclude<ServerFrameName, 'hello' | 'bye'>]: (payload: ServerFrame<N>) => void };
export type Request = (name: string, payload: unknown, timeoutMs: number) => Promise<unknown>;

export interface ConnectionDeps {
  readonly url: string;
  /** Asked before each try, instead of `url`; `again`: the last try came to nothing. Never rejects. */
  readonly where?: (again: boolean) => Promise<string>;
  readonly transport: Transport;
  readonly clock: SdkClock;
  readonly random: () => number;
  /** A token for the handshake; `refused`: the server called this one bad. */
  readonly token: (refused?: string) => Promise<string>;
  readonly client: string;
  readonly places: () => ResumeRequest;
  readonly resumed: (answer: ResumeAnswer) => void;
  readonly hello: (hello: ServerFrame<'hello'>) => void;
  readonly frames: Frames;
  /** Commands may be sent (after resume), or not any more. */
  readonly usable: (request: Request | null) => void;
  readonly status: (status: ConnectionStatus, bye?: ErrorBody | null) => void;
  /** The session is over. */
  readonly ended: (error: ParleyError) => void;
  readonly observe: (observation: Observation) => void;
  readonly onError: (error: ErrorBody) => void;
}

export interface Connection {
  /** Resolves when first online; rejects with ParleyError when that cannot come about. */
  connect(): Promise<void>;
  /** `status`: what is shown from now on. */
  disconnect(status: 'offline' | 'signed-out', error?: ParleyError): void;
  /** The network is back: do not wait for the back-off. */
  hurry(): void;
  /** A fresh token for the live socket. */
  renew(token: string): void;
  /** Frames that need no answer; null while not online. */
  send(): ((name: string, payload: unknown) => void) | null;
}

/** One try: from opening the socket to its end. */
interface Try {
  connection: TransportConnection | null;
  token: string;
  resumed: boolean;
  helloSeen: boolean;
  early: [ServerFrameName, unknown][];
  bye: ErrorBody | null;
  /** When a request was first left without its answer; null: the last one was answered. */
  unansweredAt: number | null;
  cancelTimers: () => void;
}

export function createConnection(deps: ConnectionDeps): Connection {
  const backOff = createBackOff(deps.random);
  let wanted = false;
  let wasOnline = false;
  let lastFailed = false;
  let current: Try | null = null;
  let cancelWait: (() => void) | null = null;
  let refusedToken: string | undefined;
  let waiters: { resolve(): void; reject(error: ParleyError): void }[] = [];

  const settle = (error: ParleyError | null) => {
    const now = waiters;
    waiters = [];
    for (const waiter of now) error === null ? waiter.resolve() : waiter.reject(error);
  };

  const open = () => {
    cancelWait = null;
    const one: Try = { connection: null, token: '', resumed: false, helloSeen: false, early: [], bye: null, unansweredAt: null, cancelTimers: () => {} };
    current = one;
    one.cancelTimers = deps.clock.after(HELLO_TIMEOUT_MS, () => close(one, 'no hello'));
    const auth = async () => {
      one.token = await deps.token(refusedToken);
      return { token: one.token, protocol: LIMITS.protocolVersion, client: deps.client };
    };
    const listener: TransportListener = {
      connected: () => {},
      frame: (name, payload) => current === one && frame(one, name, payload),
      closed: (reason, refused) => closed(one, reason, refused),
    };
    const dial = (url: string): void => {
      if (current !== one) return;
      try {
        one.connection = deps.transport.open({ url, auth, listener });
      } catch (thrown) {
        // An address that is none: like a server that does not answer, and said in `bye`.
        closed(one, 'not opened', asParleyError(thrown).toBody());
      }
    };
    if (deps.where === undefined) dial(deps.url);
    else void deps.where(lastFailed).then(dial);
  };

  const close = (one: Try, reason: string) => {
    one.connection?.close();
    // A transport that tells of its own closing later finds the try over.
    closed(one, reason, null);
  };

  function frame(one: Try, name: string, payload: unknown): void {
    // A frame of a newer server is passed over.
    if (name !== 'hello' && name !== 'bye' && !Object.hasOwn(deps.frames, name)) return;
    const known = name as ServerFrameName;
    deps.observe({ kind: 'frame', name: known, payload });
    if (known === 'hello') hello(one, payload as ServerFrame<'hello'>);
    else if (known === 'bye') one.bye = errorBodyOf(payload);
    else if (!one.resumed) one.early.push([known, payload]);
    else handle(known, payload);
  }

  function handle(name: ServerFrameName, payload: unknown): void {
    if (name === 'hello' || name === 'bye') return;
    try {
      (deps.frames[name] as (payload: unknown) => void)(payload);
    } catch (thrown) {
      // A frame that breaks us must not cost the ones behind it; what it would have changed is repaired by gap detection.
      deps.onError(asParleyError(thrown).toBody());
    }
  }

  function hello(one: Try, payload: ServerFrame<'hello'>): void {
    const connection = one.connection;
    if (one.helloSeen || connection === null) return;
    one.helloSeen = true;
    one.cancelTimers();
    deps.hello(payload);
    deps.observe({ kind: 'connected', gateway: payload.gateway });
    connection.request('resume', deps.places(), RESUME_TIMEOUT_MS).then(
      (ack) => {
        if (current !== one) return;
        const answer = ack as ({ ok: true } & ResumeAnswer) | { ok: false; error: unknown } | null;
        if (answer?.ok === true) resumed(one, connection, answer);
        else {
          one.bye = errorBodyOf(answer?.error) ?? one.bye;
          close(one, 'resume refused');
        }
      },
      () => current === one && close(one, 'resume not answered'),
    );
  }

  function resumed(one: Try, connection: TransportConnection, answer: ResumeAnswer): void {
    one.resumed = true;
    refusedToken = undefined;
    one.cancelTimers = deps.clock.after(STABLE_MS, () => backOff.reset());
    try {
      deps.resumed(answer);
    } catch (thrown) {
      // Half a resume would be a client that shows `online` and sends nothing.
      deps.onError(asParleyError(thrown).toBody());
      close(one, 'resume could not be taken');
      return;
    }
    wasOnline = true;
    deps.status('online', null);
    deps.usable((name, payload, timeoutMs) => ask(one, connection.request(name, payload, timeoutMs)));
    for (const [name, payload] of one.early.splice(0)) handle(name, payload);
    settle(null);
  }

  /** A socket that answers pings and no request would hold up everything for ever: then a new one is tried. */
  async function ask(one: Try, asked: Promise<unknown>): Promise<unknown> {
    try {
      const answer = await asked;
      one.unansweredAt = null;
      return answer;
    } catch (thrown) {
      one.unansweredAt ??= deps.clock.now();
      if (current === one && deps.clock.now() - one.unansweredAt >= DEAF_MS) close(one, 'requests are not answered');
      throw thrown;
    }
  }

  function closed(one: Try, reason: string, refused: ErrorBody | null): void {
    if (current !== one) return;
    current = null;
    one.cancelTimers();
    lastFailed = !one.helloSeen;
    if (one.helloSeen) deps.observe({ kind: 'disconnected', reason });
    deps.usable(null);
    if (!wanted) return;
    const why = one.bye ?? refused;
    if (why !== null && REFUSED.has(why.code)) {
      stop('offline', errorFrom(why));
      return;
    }
    if (why !== null && isEnd(why, one)) {
      stop('signed-out', errorFrom(why));
      deps.ended(errorFrom(why));
      return;
    }
    if (why?.code === 'token_expired' || why?.code === 'unauthenticated') refusedToken = one.token;
    deps.status(wasOnline ? 'reconnecting' : 'connecting', why);
    cancelWait = deps.clock.after(backOff.next(why?.retryAfterMs), open);
  }

  /** Is the session over? A token that was refused gets one more chance, with a fresh one. */
  const isEnd = (why: ErrorBody, one: Try): boolean =>
    why.code === 'session_revoked' || why.code === 'refresh_reused' || (why.code === 'unauthenticated' && (one.token === '' || refusedToken !== undefined));

  const stop = (status: 'offline' | 'signed-out', error: ParleyError) => {
    wanted = false;
    wasOnline = false;
    cancelWait?.();
    cancelWait = null;
    if (current !== null) close(current, 'closed by the client');
    backOff.reset();
    deps.status(status, error.toBody());
    settle(error);
  };

  const hurry = (): void => {
    if (cancelWait === null || !wanted) return;
    cancelWait();
    open();
  };

  return {
    connect() {
      const online = current?.resumed === true;
      if (online) return Promise.resolve();
      const done = new Promise<void>((resolve, reject) => waiters.push({ resolve, reject }));
      if (!wanted) {
        wanted = true;
        deps.status('connecting');
        open();
      } else hurry();
      return done;
    },
    disconnect(status, error) {
      stop(status, error ?? new ParleyError('unavailable', 'Disconnected by the client.'));
      if (error === undefined) deps.status(status, null);
    },
    hurry,
    renew(token) {
      const one = current;
      if (one?.connection == null || !one.helloSeen) return;
      one.token = token;
      one.connection.request('auth', { token }, RESUME_TIMEOUT_MS).then(
        (ack) => {
          const error = (ack as { ok?: unknown; error?: unknown } | null)?.ok === true ? null : errorBodyOf((ack as { error?: unknown } | null)?.error);
          if (error !== null) deps.onError(error);
        },
        () => {},
      );
    },
    send() {
      const one = current;
      return one?.resumed === true && one.connection !== null ? one.connection.send.bind(one.connection) : null;
    },
  };
}
