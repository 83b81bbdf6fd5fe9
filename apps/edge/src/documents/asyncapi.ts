// The AsyncAPI document of the socket, from the schemas of protocol's frames and events; nothing is written twice.
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
