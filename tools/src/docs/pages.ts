// The reference pages, made from what the program itself uses: the error table, the zod schemas, the table of settings.
import {
  CLIENT_FRAMES,
  CommandResult,
  ERRORS,
  ErrorFrame,
  Handshake,
  LIMITS,
  MemberCommand,
  ResumeAnswer,
  ROOM_EVENT_BODIES,
  RoomChange,
  SERVER_FRAMES,
  StateChange,
  TOPICS,
} from '@parley/protocol';
import type { $ZodType } from 'zod/v4/core';
import { describeSchema } from './describe-schema.ts';

const GENERATED = '<!-- Made by `npm run docs`. Change the source, not this page. -->';

const page = (title: string, ...parts: readonly string[]): string => `${[`# ${title}`, GENERATED, ...parts].join('\n\n')}\n`;
const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`).join('\n');
const entry = (name: string, schema: $ZodType): string => `### \`${name}\`\n\n\`\`\`ts\n${describeSchema(schema).trim()}\n\`\`\``;
const entries = (schemas: Readonly<Record<string, $ZodType>>): string =>
  Object.entries(schemas)
    .map(([name, schema]) => entry(name, schema))
    .join('\n\n');

export const errorsPage = (): string =>
  page(
    'Errors',
    'Every refusal has one of these codes: over HTTP as `{"error": {"code", "message", "retryAfterMs"?, "details"?}}`, in a socket ack as `{"ok": false, "error"}`, and in `bye`.',
    'Outcome `refused`: it certainly did not happen. Outcome `unknown`: it may have happened; the same client id makes a repeat safe.',
    table(
      ['code', 'HTTP', 'try again', 'outcome', 'what to do'],
      Object.entries(ERRORS).map(([code, row]) => [`\`${code}\``, row.http, row.retry ? 'yes' : 'no', row.outcome, row.action]),
    ),
  );

/** What a client in another language must do; the SDK does all of it. */
const CONNECTION: readonly string[] = [
  'Sign in over HTTP (`POST /api/accounts/login`): an access token, good for minutes, and a refresh token (`POST /api/accounts/refresh`).',
  'Before each connection ask `GET /api/connect` where to go: `/` is this server, which need be asked again only after a connection came to nothing; else it is a gateway. Connect there on `/socket.io/`, WebSocket only, with the token in the handshake.',
  'Send `resume` with your place in each room. Events after it come as `event`, then `live`. `reset`: your place cannot be continued; fetch `GET /api/rooms/{room}/snapshot`. `gone`: you are no member any more.',
  'Apply an event when its `seq` is your last + 1. Drop a smaller one; before a greater one, fetch what is missing (`GET /api/rooms/{room}/events?after=`). Events come at least once.',
  'Keep each `send` until you have seen its `result`, or an event with its `clientId`. The ack says only that it is durable. Without an ack, with `unavailable` or after a new connection send the same `clientId` again: it is never done twice.',
  'Before the token ends, send the next one in `auth` on the same socket.',
  'After `bye` wait for `retryAfterMs`; without one, and after any other end, for a random time that grows with each try. `session_revoked`: sign in again.',
];

export const protocolPage = (): string =>
  page(
    `Protocol, version ${LIMITS.protocolVersion}`,
    'The socket speaks Socket.IO v5 packets on WebSocket, default namespace, JSON. Client frames are acked, but for `typing`; server frames are not. `uuid` is a UUID as text. The same as documents: [asyncapi.json](asyncapi.json) for the socket, [openapi.json](openapi.json) for HTTP. Codes: [errors.md](errors.md).',
    '## A connection, from beginning to end',
    CONNECTION.map((step, index) => `${index + 1}. ${step}`).join('\n'),
    '## Handshake',
    entries({ auth: Handshake }),
    '## Client to server',
    entries(CLIENT_FRAMES),
    '## Server to client',
    entries(SERVER_FRAMES),
    '## Answers',
    entries({ 'resume answers': ResumeAnswer, error: ErrorFrame, result: CommandResult, 'change of my state': StateChange }),
    '## Commands of members',
    'Sent as the payload of `send`. The result follows as `result`; a repeat of the same `clientId` is answered with the first result.',
    entries({ 'member command': MemberCommand }),
    '## Events of a room',
    'One dense sequence per room: `seq` of the next event is the last one + 1. These are the bodies, by `type`.',
    entries(ROOM_EVENT_BODIES),
    '## Changes that rooms decides',
    `They go into topic \`${TOPICS.roomCommand}\` as \`room.change\`, numbered by a dense \`mver\` per room, and become the event of the same type.`,
    entries({ 'room change': RoomChange }),
    '## Limits',
    table(
      ['limit', 'value'],
      Object.entries(LIMITS).map(([name, value]) => [`\`${name}\``, value]),
    ),
  );

export type ConfigFields = Readonly<Record<string, readonly [schema: unknown, meaning: string, usual: string]>>;

/** Service -> names of the settings that its process reads. */
export type SettingReaders = Readonly<Record<string, readonly string[]>>;

/** One process' settings, and those of a cluster's services with who reads them. */
export const configPage = (fields: ConfigFields, settings: ConfigFields = {}, readers: SettingReaders = {}): string =>
  page(
    'Configuration',
    'Everything is set by environment variables; all mistakes are named together, before anything starts.',
    '## One process: `npm start`',
    table(
      ['variable', 'default', 'what it is for'],
      Object.entries(fields).map(([name, [, meaning, usual]]) => [`\`${name}\``, usual === '' ? '' : `\`${usual}\``, meaning]),
    ),
    ...(Object.keys(readers).length === 0 ? [] : clusterSettings(settings, readers)),
  );

function clusterSettings(settings: ConfigFields, readers: SettingReaders): string[] {
  const all = Object.keys(readers);
  const whoReads = (name: string): string => {
    const who = all.filter((service) => readers[service]?.includes(name));
    return who.length === all.length ? 'all' : who.join(', ');
  };
  return [
    '## A cluster: each service is a process',
    'A service reads only what is named for it, and refuses to start on anything wrong. With `NODE_ENV=production` no secret that is meant for development passes. `npm run cluster` sets all of this by itself.',
    table(
      ['variable', 'default', 'read by', 'what it is for'],
      Object.entries(settings)
        .filter(([name]) => whoReads(name) !== '')
        .map(([name, [, meaning, usual]]) => [`\`${name}\``, usual === '' ? '' : `\`${usual}\``, whoReads(name), meaning]),
    ),
  ];
}
