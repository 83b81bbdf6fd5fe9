// Logs: JSON lines on stdout. Never tokens, passwords or message text.
export type { Logger } from 'pino';
