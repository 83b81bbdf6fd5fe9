// The HTTP side: which requests become WebSockets, and the answers to those that do not, as engine.io gives them.
import { createHash } from 'node:crypto';
import type http from 'node:http';
import type { Duplex } from 'node:stream';

const PATH = '/socket.io/';
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const KEY = /^[+/0-9A-Za-z]{22}==$/;
const TOKEN = /^[!#$%&'*+\-.0-9A-Z^_`|a-z~]+$/;

export interface Refusal {
  /** engine.io's. */
  readonly code: number;
  readonly message: string;
}

const REFUSALS = {
  transport: { code: 0, message: 'Transport unknown' },
  session: { code: 1, message: 'Session ID unknown' },
  method: { code: 2, message: 'Bad handshake method' },
  request: { code: 3, message: 'Bad request' },
  version: { code: 5, message: 'Unsupported protocol version' },
} as const satisfies Record<string, Refusal>;

/** Not by the request, but by the server. */
export const forbidden = (message: string): Refusal => ({ code: 4, message });

export const isOurs = (request: http.IncomingMessage): boolean => request.url?.startsWith(PATH) === true;

/** Why this request cannot be a connection; null: it can. */
export function refusalOf(request: http.IncomingMessage, isUpgrade: boolean): Refusal | null {
  const url = request.url ?? '';
  const query = new URLSearchParams(url.slice(url.indexOf('?') + 1));
  if (query.get('transport') !== 'websocket') return REFUSALS.transport;
  if (query.has('sid')) return REFUSALS.session;
  if (request.method !== 'GET') return REFUSALS.method;
  if (!isUpgrade) return REFUSALS.request;
  if (query.get('EIO') !== '4') return REFUSALS.version;
  const { upgrade, 'sec-websocket-key': key, 'sec-websocket-version': version } = request.headers;
  return upgrade?.toLowerCase() === 'websocket' && KEY.test(key ?? '') && version === '13' ? null : REFUSALS.request;
}

/** A plain request at the path: there is nothing but WebSockets here. */
export function answerPlain(request: http.IncomingMessage, response: http.ServerResponse): void {
  response.writeHead(400, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(refusalOf(request, false)));
}

export function refuseUpgrade(raw: Duplex, { message }: Refusal): void {
  raw.on('error', () => {});
  const head = `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: text/html\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n`;
  raw.end(head + message, () => raw.destroy());
}

/** The answer to an upgrade that is taken. */
export function upgradeAnswer({ headers }: http.IncomingMessage): Buffer {
  const accept = createHash('sha1').update(`${headers['sec-websocket-key']}${GUID}`).digest('base64');
  const protocol = headers['sec-websocket-protocol']?.split(',')[0]?.trim() ?? '';
  const chosen = TOKEN.test(protocol) ? `Sec-WebSocket-Protocol: ${protocol}\r\n` : '';
  return Buffer.from(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${chosen}\r\n`,
    'latin1',
  );
}
