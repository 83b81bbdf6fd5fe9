// Engine.IO v4 over WebSocket on an http server's upgrades at /socket.io: takes connections, up to a cap, and lets go of them.
import type http from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '@parley/ports';
import { pause } from '../rooms/hub-deps.ts';
import { Arrivals } from './arrivals.ts';
import type { EngineShared, EngineSocket } from './engine-socket.ts';
import { textFrame } from './frames.ts';
import { Heartbeats } from './heartbeats.ts';
import { answerPlain, forbidden, isOurs, type Refusal, refusalOf, refuseUpgrade, upgradeAnswer } from './upgrade.ts';

/** An upgrade that nobody on this server takes is ended after this. */
const NOBODYS_MS = 1_000;
/** A client that closes its side in this time gets all that was written to it. */
const LAST_BYTES_MS = 1_000;

export interface EngineServerDeps {
  readonly clock: Clock;
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  /** Bytes of one message. */
  readonly maxBytes: number;
  /** Connections let in, evenly: more wait for their turn. */
  readonly perSecond: number;
  /** Null: it may come. `open`: connections, and those that wait. */
  readonly refusal: (request: http.IncomingMessage, open: number) => string | null;
  /** Makes connections; each takes its raw socket over at once. `nr`: of this connection, never used twice. */
  readonly opener: (shared: EngineShared) => (raw: Socket, nr: number) => EngineSocket;
  /** Of the connection `nr`, for the client. */
  readonly sidOf: (nr: number) => string;
}

export interface EngineServer {
  /** Lets what was written go out, then cuts every connection that is left. The http server stays. */
  close(): Promise<void>;
}

export function serveEngine(server: http.Server, deps: EngineServerDeps): EngineServer {
  const { clock, pingIntervalMs, pingTimeoutMs, maxBytes } = deps;
  const heartbeats = new Heartbeats<EngineSocket>({ clock, intervalMs: pingIntervalMs, timeoutMs: pingTimeoutMs });
  const open = deps.opener({ heartbeats, maxBytes });
  const settings = { upgrades: [], pingInterval: pingIntervalMs, pingTimeout: pingTimeoutMs, maxPayload: maxBytes };
  const arrivals = new Arrivals({ clock, perSecond: deps.perSecond });
  let count = 0;
  let isClosed = false;
  const refused = (request: http.IncomingMessage): Refusal | null => {
    const reason = isClosed ? 'draining' : deps.refusal(request, heartbeats.size + arrivals.size);
    return reason === null ? null : forbidden(reason);
  };
  const enter = (request: http.IncomingMessage, raw: Socket, head: Buffer): void => {
    raw.off('error', ignore);
    // It may have left while it waited.
    if (raw.destroyed) return;
    if (isClosed) {
      refuseUpgrade(raw, forbidden('draining'));
      return;
    }
    count += 1;
    raw.write(Buffer.concat([upgradeAnswer(request), textFrame(`0${JSON.stringify({ sid: deps.sidOf(count), ...settings })}`)]));
    const socket = open(raw, count);
    if (head.length > 0) socket.read(head);
  };
  interceptRequests(server);
  server.on('upgrade', (request, raw: Socket, head: Buffer) => {
    if (!isOurs(request)) {
      raw.on('error', () => {});
      clock.after(NOBODYS_MS, () => {
        if (raw.writable && raw.bytesWritten <= 0) raw.end();
      });
      return;
    }
    const refusal = refusalOf(request, true) ?? refused(request);
    if (refusal !== null) {
      refuseUpgrade(raw, refusal);
      return;
    }
    raw.on('error', ignore);
    if (!arrivals.come(() => enter(request, raw, head))) refuseUpgrade(raw, forbidden('overloaded'));
  });
  return {
    close: async () => {
      isClosed = true;
      arrivals.all();
      for (const socket of [...heartbeats.all()]) socket.close(false);
      await Promise.race([heartbeats.empty(), pause(clock, LAST_BYTES_MS)]);
      for (const socket of [...heartbeats.all()]) socket.close(true);
      heartbeats.stop();
    },
  };
}

const ignore = (): void => {};

/** Plain requests at the path are answered here, all others where they were. */
function interceptRequests(server: http.Server): void {
  const listeners = server.listeners('request') as ((request: http.IncomingMessage, response: http.ServerResponse) => void)[];
  server.removeAllListeners('request');
  server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
    if (isOurs(request)) answerPlain(request, response);
    else for (const listener of listeners) listener.call(server, request, response);
  });
}
