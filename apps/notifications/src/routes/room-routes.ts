// A room's rule for its member, and its webhooks for its admins, over HTTP. Decides nothing.
import { ChangeWebhook, Id, MakeWebhook, RoomRule, Webhook, WebhookMade, Webhooks, WebhookTried } from '@parley/protocol';
import { authenticate, type TokenVerifier, type ZodApp } from '@parley/runtime';
import * as z from 'zod/mini';
import type { UseCases } from '../use-cases.ts';

const Room = z.object({ room: Id });
const OneWebhook = z.object({ room: Id, webhook: Id });

export function addRoomRoutes(routes: ZodApp, cases: UseCases, verifier: TokenVerifier): void {
  const onRequest = authenticate(verifier);
  const tags = ['notifications'];
  routes.get(
    '/api/rooms/:room/notifications',
    { onRequest, schema: { tags, summary: 'My rule for a room', params: Room, response: { 200: RoomRule } } },
    async (request) => cases.rule(request.caller.sub, request.params.room),
  );
  routes.put(
    '/api/rooms/:room/notifications',
    {
      onRequest,
      schema: { tags, summary: 'Be told of all messages of a room, of mentions, of none', params: Room, body: RoomRule, response: { 200: RoomRule } },
    },
    async (request) => cases.setRule(request.caller.sub, request.params.room, request.body),
  );
  addWebhookRoutes(routes, cases, onRequest);
}

function addWebhookRoutes(routes: ZodApp, cases: UseCases, onRequest: ReturnType<typeof authenticate>): void {
  const tags = ['webhooks'];
  routes.get(
    '/api/rooms/:room/webhooks',
    { onRequest, schema: { tags, summary: 'Webhooks of a room', params: Room, response: { 200: Webhooks } } },
    async (request) => ({ webhooks: [...(await cases.webhooks(request.caller.sub, request.params.room))] }),
  );
  routes.post(
    '/api/rooms/:room/webhooks',
    { onRequest, schema: { tags, summary: 'Post events of a room to an address', params: Room, body: MakeWebhook, response: { 200: WebhookMade } } },
    async (request) => cases.makeWebhook(request.caller.sub, request.params.room, request.body),
  );
  routes.patch(
    '/api/rooms/:room/webhooks/:webhook',
    { onRequest, schema: { tags, summary: 'Change a webhook, switch it off or on', params: OneWebhook, body: ChangeWebhook, response: { 200: Webhook } } },
    async (request) => cases.changeWebhook(request.caller.sub, request.params.room, request.params.webhook, request.body),
  );
  routes.delete(
    '/api/rooms/:room/webhooks/:webhook',
    { onRequest, schema: { tags, summary: 'Remove a webhook', params: OneWebhook, response: { 200: z.object({}) } } },
    async (request) => {
      await cases.removeWebhook(request.caller.sub, request.params.room, request.params.webhook);
      return {};
    },
  );
  routes.post(
    '/api/rooms/:room/webhooks/:webhook/secret',
    { onRequest, schema: { tags, summary: 'Make a new secret; the old one signs nothing more', params: OneWebhook, response: { 200: WebhookMade } } },
    async (request) => cases.renewSecret(request.caller.sub, request.params.room, request.params.webhook),
  );
  routes.post(
    '/api/rooms/:room/webhooks/:webhook/test',
    { onRequest, schema: { tags, summary: 'Deliver something now, to see whether it arrives', params: OneWebhook, response: { 200: WebhookTried } } },
    async (request) => cases.tryWebhook(request.caller.sub, request.params.room, request.params.webhook),
  );
}
