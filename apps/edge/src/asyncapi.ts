// The AsyncAPI document of the socket, from the schemas of protocol's frames and events; and a plain page to read it.
import { CLIENT_FRAMES, ErrorFrame, Handshake, LIMITS, ResumeAnswer, ROOM_EVENT_BODIES, SERVER_FRAMES } from '@parley/protocol';
import { toJSONSchema } from 'zod/mini';
import type { $ZodType } from 'zod/v4/core';

export interface AsyncApi {
  readonly asyncapi: '3.0.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly channels: Record<string, object>;
  readonly operations: Record<string, object>;
  readonly components: { readonly messages: Record<string, AsyncApiMessage>; readonly schemas: Record<string, object> };
}
interface AsyncApiMessage {
  readonly name: string;
  readonly summary: string;
  readonly payload: object;
}

const DESCRIPTION = [
  'Socket.IO v5 protocol, WebSocket transport only, default namespace, JSON packets.',
  'The handshake carries `auth` (schema Handshake). Client frames are acked with `{ok: true, …}` or `{ok: false, error}` (schema Error), but for `typing`;',
  'server frames are not acked. Before any close the server says `bye`.',
].join(' ');

/** Input side: what one may send; defaults and coercions are not part of the wire. */
function jsonSchema(schema: $ZodType): object {
  const { $schema: _, ...rest } = toJSONSchema(schema, { target: 'draft-7', io: 'input', unrepresentable: 'any' });
  return rest;
}

const messagesOf = (frames: Record<string, $ZodType>, prefix: string, summary: (name: string) => string): [string, AsyncApiMessage][] =>
  Object.entries(frames).map(([name, schema]) => [`${prefix}.${name}`, { name, summary: summary(name), payload: jsonSchema(schema) }]);

/** The document; needs no server. */
export function buildAsyncApi(): AsyncApi {
  const fromClient = messagesOf(CLIENT_FRAMES, 'client', (name) => `Client to server: ${name}`);
  const fromServer = messagesOf(SERVER_FRAMES, 'server', (name) => `Server to client: ${name}`);
  const bodies = Object.entries(ROOM_EVENT_BODIES).map(([type, schema]): [string, object] => [`event.${type}`, jsonSchema(schema)]);
  const reference = ([id]: [string, unknown]): object => ({ $ref: `#/channels/socket/messages/${id}` });
  return {
    asyncapi: '3.0.0',
    info: { title: 'Parley socket', version: String(LIMITS.protocolVersion), description: DESCRIPTION },
    channels: {
      socket: {
        address: '/socket.io/',
        messages: Object.fromEntries([...fromClient, ...fromServer].map(([id]) => [id, { $ref: `#/components/messages/${id}` }])),
      },
    },
    // Actions are named from the server's side, as AsyncAPI has it.
    operations: {
      fromClient: { action: 'receive', channel: { $ref: '#/channels/socket' }, messages: fromClient.map(reference) },
      fromServer: { action: 'send', channel: { $ref: '#/channels/socket' }, messages: fromServer.map(reference) },
    },
    components: {
      messages: Object.fromEntries([...fromClient, ...fromServer]),
      schemas: { Handshake: jsonSchema(Handshake), Error: jsonSchema(ErrorFrame), ResumeAnswer: jsonSchema(ResumeAnswer), ...Object.fromEntries(bodies) },
    },
  };
}

const escapeHtml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const section = (title: string, schema: object): string => `<h3>${escapeHtml(title)}</h3><pre>${escapeHtml(JSON.stringify(schema, null, 2))}</pre>`;

/** The document as a page without scripts. */
export function asyncApiPage(document: AsyncApi): string {
  const messages = Object.values(document.components.messages).map((message) => section(message.summary, message.payload));
  const schemas = Object.entries(document.components.schemas).map(([name, schema]) => section(name, schema));
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(document.info.title)}</title></head><body>
<h1>${escapeHtml(document.info.title)}, version ${document.info.version}</h1><p>${escapeHtml(document.info.description)}</p>
<p>As a document: <a href="/api/asyncapi.json">/api/asyncapi.json</a>. The HTTP side: <a href="/api/docs">/api/docs</a>.</p>
<h2>Frames</h2>${messages.join('\n')}<h2>Bodies of events, and other schemas</h2>${schemas.join('\n')}</body></html>`;
}
