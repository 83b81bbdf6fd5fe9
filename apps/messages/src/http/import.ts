// The import of messages by the owner of the installation, over HTTP.
import { Id, Imported, ImportMessages, ParleyError } from '@parley/protocol';
import { authenticate, type TokenVerifier, zodRoutes } from '@parley/runtime';
import * as z from 'zod/mini';
import { bringMessages, type ImportMessagesDeps } from '../calls/import-messages.ts';
import type { App } from './me.ts';

export interface ImportDeps extends ImportMessagesDeps {
  readonly verifier: TokenVerifier;
}

const WAIT_MS = 30_000;

export function routeImport(app: App, deps: ImportDeps): void {
  zodRoutes(app).post(
    '/api/rooms/:room/import',
    {
      onRequest: authenticate(deps.verifier),
      schema: {
        tags: ['messages'],
        summary: 'Import messages of another system (owner of the installation)',
        params: z.object({ room: Id }),
        body: ImportMessages,
        response: { 200: Imported },
      },
    },
    async (request) => {
      if (request.caller.role !== 'owner') throw new ParleyError('forbidden', 'Only the owner of this installation may import.');
      return bringMessages(deps, request.params.room, request.body.messages, WAIT_MS);
    },
  );
}
