// Names for the shapes inside the SDK's state, taken from its types so that they can never differ.
import type { Attachment, ClientState, FileUrls, OutboxEntry, Parley, RoomState } from '@parley/sdk';

export type Me = NonNullable<ClientState['me']>;
export type Person = Me['user'];
export type Message = RoomState['messages'][number];
export type RoomEvent = RoomState['notices'][number];
export type Summary = NonNullable<RoomState['summary']>;
export type Problem = NonNullable<ClientState['bye']>;
export type Member = NonNullable<RoomState['members']> extends ReadonlyMap<string, infer M> ? M : never;
export type Role = Member['role'];
export type Page = Awaited<ReturnType<ReturnType<Parley['room']>['around']>>;
export type Setup = Awaited<ReturnType<Parley['setup']>>;
export type PublicRoom = Awaited<ReturnType<Parley['publicRooms']>>[number];
export type NotificationPreferences = Awaited<ReturnType<Parley['notifications']['preferences']>>;
export type NotificationRule = NonNullable<Awaited<ReturnType<Parley['notifications']['roomRule']>>>;
export type Session = Awaited<ReturnType<Parley['account']['sessions']>>[number];
export type People = ReadonlyMap<string, Person>;
export type Outbox = readonly OutboxEntry[];
export type { Attachment, ClientState, FileUrls, OutboxEntry, Parley, RoomState };
