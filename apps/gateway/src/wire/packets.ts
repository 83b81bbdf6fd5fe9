// Socket.IO v5 packets as a client of the default namespace may send them. Whatever else comes is null: the connection is closed as broken.
import { checkJsonTextDepth } from '@parley/runtime';

/** Fifteen digits are a safe integer. */
const HEAD = /^([0-6])(?:(\d{1,2})-)?(\/[^,]*,?)?(\d{0,15})(?=$|[[{"])/;
const ATTACHMENTS_MAX = 10;
const RESERVED: ReadonlySet<unknown> = new Set(['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener']);

export type Packet =
  | { readonly type: 'connect'; readonly auth: unknown }
  | { readonly type: 'connect elsewhere'; readonly namespace: string }
  | { readonly type: 'event'; readonly args: readonly unknown[]; readonly ackId: string; readonly attachments: number }
  | { readonly type: 'ack'; readonly attachments: number }
  | { readonly type: 'disconnect' };

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** `text`: a message of Engine.IO. */
export function decodePacket(text: string): Packet | null {
  const [head, type, attachments, namespace = '/', ackId = ''] = HEAD.exec(text) ?? [];
  if (head === undefined) return null;
  const body = text.slice(head.length);
  const elsewhere = namespace.replace(/,$/, '');
  if (elsewhere !== '/') return type === '0' ? { type: 'connect elsewhere', namespace: elsewhere } : null;
  const isBinary = type === '5' || type === '6';
  const count = Number(attachments ?? 0);
  if (isBinary ? count < 1 || count > ATTACHMENTS_MAX : attachments !== undefined) return null;
  try {
    // Who nests what is bytes in the end is broken; plain events are answered.
    if (isBinary) checkJsonTextDepth(body);
    return packetOf(type as string, body === '' ? undefined : (JSON.parse(body) as unknown), ackId, count);
  } catch {
    return null;
  }
}

function packetOf(type: string, data: unknown, ackId: string, attachments: number): Packet | null {
  if (type === '0') return data === undefined || isObject(data) ? { type: 'connect', auth: data ?? {} } : null;
  if (type === '1') return data === undefined ? { type: 'disconnect' } : null;
  if (!Array.isArray(data)) return null;
  if (type === '3' || type === '6') return { type: 'ack', attachments };
  if (type !== '2' && type !== '5') return null;
  const [name] = data as unknown[];
  if (typeof name !== 'number' && (typeof name !== 'string' || RESERVED.has(name))) return null;
  return { type: 'event', args: data, ackId, attachments };
}
