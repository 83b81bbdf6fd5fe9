// Which headers cross the edge. Inwards a list of what services know: what is not on it could mean something to one parser and not to
// the other, or pretend to be ours. Outwards all but what belongs to one connection or to the edge itself.
import type { IncomingHttpHeaders } from 'node:http';
import { LOAD_KEY_HEADER } from '@parley/protocol';

const INWARDS = new Set([
  'accept',
  'accept-language',
  'authorization',
  'content-type',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
  'traceparent',
  'tracestate',
  'tus-resumable',
  'upload-defer-length',
  'upload-length',
  'upload-metadata',
  'upload-offset',
  'user-agent',
  LOAD_KEY_HEADER,
]);

const OF_ONE_CONNECTION = new Set(['connection', 'keep-alive', 'proxy-authenticate', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']);
/** The edge says these itself. */
const OF_THE_EDGE = /^(access-control-|x-request-id$|server$|date$|parley-)/;

/** What a service gets to see. Values are as Node joined them. */
export function inwardHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const named = connectionNames(headers.connection);
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]): [string, string][] =>
      INWARDS.has(name) && !named.has(name) && typeof value === 'string' ? [[name, value]] : [],
    ),
  );
}

/** What the person gets to see. */
export function outwardHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = connectionNames(headers.connection);
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]): [string, string | string[]][] =>
      value === undefined || OF_ONE_CONNECTION.has(name) || OF_THE_EDGE.test(name) || named.has(name) ? [] : [[name, value]],
    ),
  );
}

const connectionNames = (connection: string | undefined): ReadonlySet<string> =>
  new Set((connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
