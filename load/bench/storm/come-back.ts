// Comes back as the SDK does (packages/sdk/src/connection.ts, net/back-off.ts, net/gateway-address.ts): waits with full jitter or as long as the
// server asked, asks GET /api/connect on a connection of its own, opens the socket where that says, and resumes from the places that it holds.
// A server that said it carries the socket itself is asked again only after a try that came to nothing.
import { connect } from 'node:net';
import type { LeanSocket } from '../path/lean-socket.ts';

/** As in the SDK's back-off. */
const FIRST_MS = 500;
const MOST_MS = 30_000;
/** As in the SDK: a server that cannot say where is no reason not to try. */
const ANSWER_MS = 3_000;

export interface Tries {
  /** Connections that were tried. */
  dialled: number;
  /** GET /api/connect that were not answered with an address. */
  unanswered: number;
}

export interface Returner {
  /** The connection ended; `retryAfterMs` by the server's word. */
  lost(wasOnline: boolean, retryAfterMs: number | undefined): void;
  stop(): void;
}

/** Keeps one socket connected to the server at `host:port`. */
export function createReturner(socket: LeanSocket, server: { readonly host: string; readonly port: number }, tries: Tries): Returner {
  let failures = 0;
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  let last: string | null = '/';
  const dial = async (again: boolean): Promise<void> => {
    const said = last === '/' && !again ? '/' : await askWhere(server.host, server.port);
    last = said;
    if (said === null) tries.unanswered += 1;
    if (stopped) return;
    tries.dialled += 1;
    const url = said === null || said === '/' ? null : new URL(said);
    socket.connect(url?.hostname ?? server.host, url === null ? server.port : Number(url.port));
  };
  return {
    lost(wasOnline, retryAfterMs) {
      if (stopped) return;
      const wait = retryAfterMs ?? Math.random() * Math.min(MOST_MS, FIRST_MS * 2 ** failures);
      failures = Math.min(failures + 1, 10);
      timer = setTimeout(() => void dial(!wasOnline), wait);
    },
    stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

/** The address that the server names; null when it does not say. */
function askWhere(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
    let text = '';
    socket.setTimeout(ANSWER_MS, () => socket.destroy());
    socket.on('connect', () => socket.write(`GET /api/connect HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`));
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      const body = text.indexOf('\r\n\r\n');
      if (body < 0 || !text.endsWith('}')) return;
      resolve(text.startsWith('HTTP/1.1 200') ? (/"url":"([^"]+)"/.exec(text.slice(body))?.[1] ?? null) : null);
      socket.resetAndDestroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(null));
  });
}
