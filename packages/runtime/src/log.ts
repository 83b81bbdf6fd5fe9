// Logs: JSON lines on stdout. Never tokens, passwords or message text: what carries such a name is hidden before it is written.
import { type Logger, pino } from 'pino';
import { PinoPretty } from 'pino-pretty';
import { currentTrace } from './internal/trace.ts';

export type { Logger } from 'pino';

export interface LogOptions {
  readonly level: string;
  /** Lines for people instead of JSON. */
  readonly pretty?: boolean;
  /** Where JSON lines go instead of stdout. */
  readonly stream?: { write(line: string): void };
}

const SECRET_KEYS = [
  'authorization',
  'token',
  'accessToken',
  'refreshToken',
  'password',
  'secret',
  'setupCode',
  'invitation',
  'text',
  'body',
  'cookie',
  'loadKey',
];
/** Deep enough for `req.headers.x`; what is logged deeper than this is a programming error. */
const REDACTED = ['', '*.', '*.*.'].flatMap((depth) => SECRET_KEYS.map((key) => `${depth}${key}`));

/** A line that is written while a trace is being worked on names it. */
const traceOfLine = (): object => {
  const trace = currentTrace();
  return trace === undefined ? {} : { traceId: trace.slice(3, 35) };
};

/** A pino logger that hides secrets by name. Requests are logged by method and path without the query, which may hold what people look for. */
export function createLogger(options: LogOptions): Logger {
  const config = {
    level: options.level,
    base: null,
    mixin: traceOfLine,
    redact: { paths: REDACTED, censor: '[hidden]' },
    serializers: {
      req: (req: { method?: string; url?: string; id?: unknown }) => ({ method: req.method, path: req.url?.split('?', 1)[0], id: req.id }),
      res: (res: { statusCode?: number }) => ({ status: res.statusCode }),
    },
  };
  if (options.pretty) return pino(config, PinoPretty({ sync: true }));
  return options.stream ? pino(config, options.stream) : pino(config);
}
