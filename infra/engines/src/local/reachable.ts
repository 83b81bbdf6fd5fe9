// Is there somebody at this address?
import { connect } from 'node:net';

const USUAL: Readonly<Record<string, number>> = { 'redis:': 6379, 'rediss:': 6379, 'amqp:': 5672, 'amqps:': 5671, 'postgres:': 5432, 'postgresql:': 5432 };

/** Of a URL or of a list `host:port,host:port`: whether the first takes a connection within 2 s. */
export function isReachable(address: string): Promise<boolean> {
  const first = address.split(',')[0] ?? '';
  const parsed = URL.parse(first.includes('://') ? first : `kafka://${first}`);
  if (parsed === null) return Promise.resolve(false);
  const port = Number(parsed.port) || (USUAL[parsed.protocol] ?? 9092);
  return new Promise((resolve) => {
    const socket = connect({ host: parsed.hostname.replace(/^\[|\]$/g, ''), port, timeout: 2000 });
    const end = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
  });
}

/** The address without its password, for screens. */
export const withoutPassword = (address: string): string => address.replace(/(:\/\/[^:/@]*):[^@]*@/, '$1:***@');
