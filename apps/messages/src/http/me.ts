// What is mine: my rooms, the changes of my state, and the parts of it that my own clients write.
import {
  DraftStateValue,
  Id,
  isStorable,
  LIMITS,
  MuteStateValue,
  MyChanges,
  MyRooms,
  OwnStateKey,
  ParleyError,
  PutState,
  StateChange,
  utf8Bytes,
} from '@parley/protocol';
import { authenticate, type Service, type TokenVerifier, zodRoutes } from '@parley/runtime';
import * as z from 'zod/mini';
import type { MessagesCore } from '../core.ts';
import type { Store } from '../store/store.ts';

export type App = Parameters<NonNullable<Service['routes']>>[0];

export interface RouteDeps {
  readonly store: Store;
  readonly verifier: TokenVerifier;
  readonly core: Pick<MessagesCore, 'epoch' | 'tellUsers'>;
}

const IdList = z.string().check(z.maxLength(LIMITS.resumeRooms * 37));
const tags = ['me'];

export function routeMe(app: App, { store, verifier, core }: RouteDeps): void {
  const routes = zodRoutes(app);
  const onRequest = authenticate(verifier);
  routes.get(
    '/api/me/rooms',
    {
      onRequest,
      schema: { tags, summary: 'My rooms, or those of them that are named', querystring: z.object({ ids: z.optional(IdList) }), response: { 200: MyRooms } },
    },
    async (request) => {
      const rooms = await store.roomSummaries(request.caller.sub, request.query.ids === undefined ? null : parseIds(request.query.ids));
      return { rooms: rooms.map((room) => ({ epoch: core.epoch(), ...room })) };
    },
  );
  routes.get(
    '/api/me/changes',
    {
      onRequest,
      schema: {
        tags,
        summary: 'Changes of my state after a version; all of it without one',
        querystring: z.object({ after: z.optional(z.coerce.number()) }),
        response: { 200: MyChanges },
      },
    },
    async (request) => {
      const { after } = request.query;
      const [answer] = await store.sync([
        { user: request.caller.sub, me: after === undefined ? null : Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, Math.trunc(after))) },
      ]);
      return (answer as NonNullable<typeof answer>).me;
    },
  );
  routes.put(
    '/api/me/state/:key',
    {
      onRequest,
      schema: {
        tags,
        summary: 'Write one key of my state: mute:<room>, draft:<room> or pref:<name>; null deletes it',
        params: z.object({ key: OwnStateKey }),
        body: PutState,
        response: { 200: StateChange },
      },
    },
    async (request) => {
      const user = request.caller.sub;
      const { key } = request.params;
      const value = checkValue(key, request.body.value);
      // Only of rooms that are mine: else one person could make keys without end.
      if (value !== null && !key.startsWith('pref:') && !(await store.right(user, key.slice(key.indexOf(':') + 1))))
        throw new ParleyError('not_found', 'There is no such room.');
      if (key.startsWith('pref:')) await checkPrefKeys(store, user, key);
      const change = await store.putState(user, key, value);
      await core.tellUsers([{ user, changes: [change] }]);
      return change;
    },
  );
}

/** Rows are for ever, deleted keys too: without a bound one person could fill the disk with preferences that no client knows. */
async function checkPrefKeys(store: Store, user: string, key: string): Promise<void> {
  const [answer] = await store.sync([{ user, me: 0 }]);
  const names = (answer?.me.changes ?? []).filter((change) => change.key.startsWith('pref:')).map((change) => change.key);
  if (names.length >= LIMITS.prefKeys && !names.includes(key))
    throw new ParleyError('too_large', 'There are too many preferences.', { details: { prefKeys: LIMITS.prefKeys } });
}

const SHAPES = { mute: MuteStateValue, draft: DraftStateValue } as const;

function checkValue(key: string, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  const kind = key.slice(0, key.indexOf(':'));
  const parsed = kind === 'pref' ? { success: true as const, data: value } : z.safeParse(SHAPES[kind as keyof typeof SHAPES], value);
  if (!parsed.success) throw new ParleyError('invalid', `The value is not one of ${kind}.`, { details: parsed.error.issues.slice(0, 5) });
  const json = JSON.stringify(parsed.data);
  if (utf8Bytes(json) > LIMITS.stateValueBytes)
    throw new ParleyError('too_large', 'The value is too large.', { details: { stateValueBytes: LIMITS.stateValueBytes } });
  // JSON writes what jsonb refuses as escapes: U+0000 and lone surrogates.
  if (!isStorable(unescaped(json))) throw new ParleyError('invalid', 'The value must not hold U+0000 or lone surrogates.');
  return parsed.data;
}

/** JSON.stringify escapes U+0000 and lone surrogates, and nothing else beyond controls and quotes. */
const unescaped = (json: string): string =>
  json.replace(/\\(?:u([0-9a-f]{4})|.)/g, (_all, hex: string | undefined) => (hex ? String.fromCharCode(Number.parseInt(hex, 16)) : ' '));

function parseIds(text: string): string[] {
  const parsed = z.safeParse(z.array(Id), text === '' ? [] : text.split(','));
  if (!parsed.success) throw new ParleyError('invalid', 'ids must be ids with commas between them.');
  return parsed.data;
}
