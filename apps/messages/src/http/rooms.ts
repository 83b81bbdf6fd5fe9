// What was said in a room, to its members: nobody else can tell such a room from one that does not exist.
import { EventsPage, HistoryPage, HistoryQuery, Id, LIMITS, MembersPage, ParleyError, RoomSnapshot, Seq } from '@parley/protocol';
import { authenticate, zodRoutes } from '@parley/runtime';
import * as z from 'zod/mini';
import type { App, RouteDeps } from './me.ts';
import { readPage, readSnapshot } from './read-history.ts';

const RoomParams = z.object({ room: Id });
const Count = z.optional(z.coerce.number());
const tags = ['messages'];

const found = <T>(value: T | null): T => {
  if (value === null) throw new ParleyError('not_found', 'There is no such room.');
  return value;
};
/** A number of the query as a count within [1, max]. */
const countWithin = (value: number | undefined, byDefault: number, max: number): number => Math.max(1, Math.min(max, Math.trunc(value ?? byDefault) || 1));
const place = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : Math.max(0, Math.min(Number.MAX_SAFE_INTEGER - 1, Math.trunc(value)));

export function routeRooms(app: App, deps: RouteDeps): void {
  routePages(app, deps);
  routeEvents(app, deps);
}

function routePages(app: App, { store, verifier, core }: RouteDeps): void {
  const routes = zodRoutes(app);
  const onRequest = authenticate(verifier);
  routes.get(
    '/api/rooms/:room/snapshot',
    {
      onRequest,
      schema: {
        tags,
        summary: 'The room as it stands, with its newest messages',
        params: RoomParams,
        querystring: z.object({ limit: Count }),
        response: { 200: RoomSnapshot },
      },
    },
    async (request) => {
      const limit = countWithin(request.query.limit, 50, LIMITS.historyPage);
      return found(await readSnapshot(store, request.caller.sub, request.params.room, core.epoch(), limit));
    },
  );
  routes.get(
    '/api/rooms/:room/messages',
    {
      onRequest,
      schema: {
        tags,
        summary: 'A page of history: before, after or around a seq, or the newest',
        params: RoomParams,
        querystring: HistoryQuery,
        response: { 200: HistoryPage },
      },
    },
    async (request) => {
      const { before, after, around, limit } = request.query;
      const given = [before, after, around].filter((value) => value !== undefined);
      if (given.length > 1) throw new ParleyError('invalid', 'Name one of before, after and around.');
      return found(
        await readPage(store, request.caller.sub, request.params.room, {
          before: place(before),
          after: place(after),
          around: place(around),
          limit: countWithin(limit, 50, LIMITS.historyPage),
        }),
      );
    },
  );
  routes.get(
    '/api/rooms/:room/members',
    {
      onRequest,
      schema: {
        tags,
        summary: 'The members, by user id',
        params: RoomParams,
        querystring: z.object({ after: z.optional(Id), limit: Count }),
        response: { 200: MembersPage },
      },
    },
    async (request) => {
      const limit = countWithin(request.query.limit, 200, LIMITS.membersPage);
      const page = found(await store.members(request.caller.sub, request.params.room, request.query.after ?? null, limit + 1));
      return { at: page.at, members: page.members.slice(0, limit), more: page.members.length > limit };
    },
  );
}

function routeEvents(app: App, { store, verifier, core }: RouteDeps): void {
  const routes = zodRoutes(app);
  const onRequest = authenticate(verifier);
  routes.get(
    '/api/rooms/:room/events',
    {
      onRequest,
      schema: {
        tags,
        summary: 'Events after a seq, without a hole',
        params: RoomParams,
        querystring: z.object({ after: z.optional(z.coerce.number()), limit: Count }),
        response: { 200: EventsPage },
      },
    },
    async (request) => {
      const room = request.params.room;
      const right = found(await store.right(request.caller.sub, room));
      const after = Math.max(place(request.query.after) ?? 0, right.floor);
      const { head, events } = await store.events(room, after, countWithin(request.query.limit, 100, LIMITS.eventsPage));
      // The right was read first: what came since may hold a removal of the caller, so nothing beyond that head is shown.
      return { head: Math.min(head, right.head), events: events.filter((event) => event.seq <= right.head) };
    },
  );
  routes.post(
    '/api/rooms/:room/read',
    {
      onRequest,
      schema: {
        tags,
        summary: 'Move my read mark; the greatest n wins',
        params: RoomParams,
        body: z.strictObject({ seq: Seq, n: Seq }),
        response: { 200: z.object({}) },
      },
    },
    async (request) => {
      const user = request.caller.sub;
      const room = request.params.room;
      found(await store.right(user, room));
      await core.tellUsers(await store.markRead([{ user, room, ...request.body }]));
      return {};
    },
  );
}
