// What a person sets for themself, over HTTP: devices, preferences, a mail address. Decides nothing.
import { AddDevice, ChangeAddress, ChangePreferences, Id, NotificationPreferences, PushDevice, PushDevices, PushKey } from '@parley/protocol';
import { authenticate, type TokenVerifier, type ZodApp } from '@parley/runtime';
import * as z from 'zod/mini';
import type { UseCases } from '../use-cases.ts';

const tags = ['notifications'];

export function addOwnRoutes(routes: ZodApp, cases: UseCases, verifier: TokenVerifier, publicKey: () => string): void {
  const onRequest = authenticate(verifier);
  addDeviceRoutes(routes, cases, onRequest, publicKey);
  routes.get(
    '/api/notifications/preferences',
    { onRequest, schema: { tags, summary: 'How I am told', response: { 200: NotificationPreferences } } },
    async (request) => cases.preferences(request.caller.sub),
  );
  routes.put(
    '/api/notifications/preferences',
    { onRequest, schema: { tags, summary: 'Switch push and mail, set quiet hours', body: ChangePreferences, response: { 200: NotificationPreferences } } },
    async (request) => {
      await cases.changePreferences(request.caller.sub, request.body);
      return cases.preferences(request.caller.sub);
    },
  );
  routes.put(
    '/api/notifications/address',
    {
      onRequest,
      schema: { tags, summary: 'Name the address for letters, or none; a link confirms it', body: ChangeAddress, response: { 200: NotificationPreferences } },
    },
    async (request) => {
      await cases.changeAddress(request.caller.sub, request.body.address);
      return cases.preferences(request.caller.sub);
    },
  );
}

function addDeviceRoutes(routes: ZodApp, cases: UseCases, onRequest: ReturnType<typeof authenticate>, publicKey: () => string): void {
  routes.get('/api/notifications/vapid', { schema: { tags, summary: 'The key that a browser subscribes with', response: { 200: PushKey } } }, async () => ({
    publicKey: publicKey(),
  }));
  routes.get(
    '/api/notifications/devices',
    { onRequest, schema: { tags, summary: 'Devices that get push', response: { 200: PushDevices } } },
    async (request) => ({ devices: [...(await cases.devices(request.caller.sub))] }),
  );
  routes.post(
    '/api/notifications/devices',
    { onRequest, schema: { tags, summary: 'Push to this device', body: AddDevice, response: { 200: PushDevice } } },
    async (request) => cases.addDevice(request.caller, request.body),
  );
  routes.delete(
    '/api/notifications/devices/:device',
    { onRequest, schema: { tags, summary: 'No more push to a device', params: z.object({ device: Id }), response: { 200: z.object({}) } } },
    async (request) => {
      await cases.removeDevice(request.caller.sub, request.params.device);
      return {};
    },
  );
}
