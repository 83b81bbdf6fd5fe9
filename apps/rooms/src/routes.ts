// The HTTP face of rooms. Turns requests into use cases and changes into answers; decides nothing.
import {
  AddMembers,
  ChangeRole,
  ChangeRoom,
  CreateRoom,
  Id,
  isStorable,
  MakeRoomInvitation,
  OpenDirect,
  PublicRooms,
  RoomChanged,
  RoomInvitation,
  RoomInvitations,
} from '@parley/protocol';
import { authenticate, type Service, type TokenVerifier, type ZodApp, zodRoutes } from '@parley/runtime';
import type { FastifyReply } from 'fastify';
import * as z from 'zod/mini';
import type { RoomsUseCases } from './use-cases.ts';

type App = Parameters<NonNullable<Service['routes']>>[0];

const RoomParams = z.object({ room: Id });
const MemberParams = z.object({ room: Id, user: Id });
/** Postgres holds no U+0000: asking it for such a text would be an error instead of "nothing found". */
const askable = z.refine<string>(isStorable, 'must not hold U+0000 or lone surrogates');
const Code = z.string().check(z.minLength(1), z.maxLength(100), askable);
const changed = { 200: RoomChanged, 202: RoomChanged };

/** Pending is an answer of its own: it will happen, and must not be repeated. */
const answer = (reply: FastifyReply, outcome: RoomChanged) => reply.code(outcome.status === 'pending' ? 202 : 200).send(outcome);

export function registerRoutes(app: App, rooms: RoomsUseCases, verifier: TokenVerifier): void {
  const routes = zodRoutes(app);
  const onRequest = authenticate(verifier);
  registerRooms(routes, rooms, onRequest);
  registerMembers(routes, rooms, onRequest);
  registerInvitations(routes, rooms, onRequest);
}

type Hook = ReturnType<typeof authenticate>;

function registerRooms(routes: ZodApp, rooms: RoomsUseCases, onRequest: Hook): void {
  const tags = ['rooms'];
  routes.post(
    '/api/rooms',
    { onRequest, schema: { tags, summary: 'Make a group or a channel', body: CreateRoom, response: changed } },
    async (request, reply) => answer(reply, await rooms.create(request.caller.sub, request.body)),
  );
  routes.post(
    '/api/direct',
    { onRequest, schema: { tags, summary: 'Open the direct room with a person', body: OpenDirect, response: changed } },
    async (request, reply) => answer(reply, await rooms.openDirect(request.caller.sub, request.body.user)),
  );
  routes.get(
    '/api/rooms/public',
    {
      onRequest,
      schema: {
        tags,
        summary: 'Channels that anybody may join',
        querystring: z.object({ q: z.optional(z.string().check(z.maxLength(100), askable)) }),
        response: { 200: PublicRooms },
      },
    },
    async (request) => ({ rooms: [...(await rooms.publicRooms(request.caller.sub, request.query.q ?? ''))] }),
  );
  routes.patch(
    '/api/rooms/:room',
    { onRequest, schema: { tags, summary: 'Rename, set the topic, archive or restore', params: RoomParams, body: ChangeRoom, response: changed } },
    async (request, reply) => answer(reply, await rooms.changeRoom(request.caller.sub, request.params.room, request.body)),
  );
}

function registerMembers(routes: ZodApp, rooms: RoomsUseCases, onRequest: Hook): void {
  const tags = ['members'];
  routes.post(
    '/api/rooms/:room/join',
    { onRequest, schema: { tags, summary: 'Join a public channel', params: RoomParams, response: changed } },
    async (request, reply) => answer(reply, await rooms.join(request.caller.sub, request.params.room)),
  );
  routes.post(
    '/api/rooms/:room/leave',
    { onRequest, schema: { tags, summary: 'Leave a room', params: RoomParams, response: changed } },
    async (request, reply) => answer(reply, await rooms.leave(request.caller.sub, request.params.room)),
  );
  routes.post(
    '/api/rooms/:room/members',
    { onRequest, schema: { tags, summary: 'Add people', params: RoomParams, body: AddMembers, response: changed } },
    async (request, reply) => answer(reply, await rooms.addMembers(request.caller.sub, request.params.room, request.body.users)),
  );
  routes.delete(
    '/api/rooms/:room/members/:user',
    { onRequest, schema: { tags, summary: 'Remove a person', params: MemberParams, response: changed } },
    async (request, reply) => answer(reply, await rooms.removeMember(request.caller.sub, request.params.room, request.params.user)),
  );
  routes.put(
    '/api/rooms/:room/members/:user',
    { onRequest, schema: { tags, summary: "Change a person's role", params: MemberParams, body: ChangeRole, response: changed } },
    async (request, reply) => answer(reply, await rooms.changeRole(request.caller.sub, request.params.room, request.params.user, request.body.role)),
  );
}

function registerInvitations(routes: ZodApp, rooms: RoomsUseCases, onRequest: Hook): void {
  const tags = ['invitations'];
  routes.post(
    '/api/rooms/:room/invitations',
    { onRequest, schema: { tags, summary: 'Make an invitation', params: RoomParams, body: MakeRoomInvitation, response: { 200: RoomInvitation } } },
    async (request) => rooms.makeInvitation(request.caller.sub, request.params.room, request.body),
  );
  routes.get(
    '/api/rooms/:room/invitations',
    { onRequest, schema: { tags, summary: 'Invitations that still work', params: RoomParams, response: { 200: RoomInvitations } } },
    async (request) => ({ invitations: [...(await rooms.listInvitations(request.caller.sub, request.params.room))] }),
  );
  routes.delete(
    '/api/rooms/:room/invitations/:code',
    {
      onRequest,
      schema: { tags, summary: 'Take an invitation back', params: z.object({ room: Id, code: Code }), response: { 200: z.object({}) } },
    },
    async (request) => {
      await rooms.removeInvitation(request.caller.sub, request.params.room, request.params.code);
      return {};
    },
  );
  routes.post(
    '/api/invitations/:code/accept',
    { onRequest, schema: { tags, summary: 'Join by invitation', params: z.object({ code: Code }), response: changed } },
    async (request, reply) => answer(reply, await rooms.acceptInvitation(request.caller.sub, request.params.code)),
  );
}
