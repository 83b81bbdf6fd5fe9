// What an app developer holds: the whole public face of the SDK, in types. The implementation may not promise more or less.
import type {
  AnyRoomEvent,
  Attachment,
  CommandResult,
  CreateRoom,
  ErrorBody,
  ErrorCode,
  HistoryPage,
  Login,
  Member,
  MemberCommand,
  Message,
  Person,
  ReadStateValue,
  Register,
  Role,
  RoomChanged,
  RoomSummary,
  ServerFrameName,
  Setup,
  Tokens,
} from '@parley/protocol';
import type { Notifications } from './me/notifications.ts';

export type { Notifications, PushSubscriptionJson } from './me/notifications.ts';

/** connecting: never online yet · online: all rooms caught up or catching up · reconnecting: was online, trying again · offline: told to be, or signed in but disconnected. */
export type ConnectionStatus = 'signed-out' | 'connecting' | 'online' | 'reconnecting' | 'offline';

/** A command until its result is seen. sending: not known to be durable; accepted: durable, not decided; failed: refused or rejected, kept until retried or dropped. */
export interface OutboxEntry {
  readonly clientId: string;
  readonly command: MemberCommand;
  readonly state: 'sending' | 'accepted' | 'failed';
  readonly error: ErrorBody | null;
  readonly createdAt: number;
}

export interface RoomState {
  readonly id: string;
  /** The room at event `seq`; null until its snapshot is here. */
  readonly summary: RoomSummary | null;
  /** Everything up to and with this seq was applied. */
  readonly seq: number;
  readonly epoch: string;
  /** loading: no snapshot yet · catching: events are coming in · live. */
  readonly sync: 'loading' | 'catching' | 'live';
  /** By user id; null until loaded with the snapshot. */
  readonly members: ReadonlyMap<string, Member> | null;
  /** A contiguous run of the room's messages, in seq order. Pages are joined to it; a hole is never inside it. */
  readonly messages: readonly Message[];
  /** room.* and member.* events inside the same run, in seq order: the timeline's system lines. */
  readonly notices: readonly AnyRoomEvent[];
  /** The run begins after `from` (its first possible seq is from + 1): anything before is not loaded. */
  readonly from: number;
  /** Is there anything before the run? */
  readonly more: boolean;
  readonly read: ReadStateValue;
  readonly muted: boolean;
  readonly draft: { readonly text: string; readonly replyTo: number | null };
  /** Users typing now, without me. */
  readonly typing: readonly string[];
}

/** Immutable: a new object for every change, parts that did not change are the same objects. */
export interface ClientState {
  readonly status: ConnectionStatus;
  /** When the status began (Clock.now) — for "reconnecting" bars that wait 2 s. */
  readonly statusSince: number;
  /** Why the last connection ended, when the server said so. */
  readonly bye: ErrorBody | null;
  readonly me: { readonly user: Person; readonly role: 'owner' | 'member'; readonly session: string } | null;
  readonly rooms: ReadonlyMap<string, RoomState>;
  /** People known so far; ask for others with `people.load`. */
  readonly people: ReadonlyMap<string, Person>;
  /** Of the watched people. */
  readonly presence: ReadonlyMap<string, 'online' | 'offline'>;
  readonly outbox: readonly OutboxEntry[];
  /** `pref:*` keys of my state, without the prefix. */
  readonly prefs: ReadonlyMap<string, unknown>;
}

export interface ParleyEvents {
  /** Every room event once, in seq order per room, as it is applied. Not for events that a snapshot stood in for. */
  event: AnyRoomEvent;
  /** A hole that could not be filled was replaced by a snapshot. */
  reset: { room: string };
  gone: { room: string };
  result: CommandResult;
  /** Anything that went wrong in the background. */
  error: ErrorBody;
  status: ConnectionStatus;
}

/** What the SDK did and saw, for checkers: every operation and every frame, in order. Message text is part of it: keep it out of logs. */
export type Observation =
  | { readonly kind: 'invoke'; readonly command: MemberCommand; readonly attempt: number }
  | { readonly kind: 'accepted'; readonly room: string; readonly clientId: string }
  | { readonly kind: 'refused'; readonly room: string; readonly clientId: string; readonly error: ErrorBody }
  | { readonly kind: 'unknown'; readonly room: string; readonly clientId: string; readonly error: ErrorBody }
  | { readonly kind: 'frame'; readonly name: ServerFrameName; readonly payload: unknown }
  | { readonly kind: 'applied'; readonly event: AnyRoomEvent }
  | { readonly kind: 'snapshot'; readonly room: string; readonly seq: number; readonly epoch: string }
  | { readonly kind: 'connected'; readonly gateway: string }
  | { readonly kind: 'disconnected'; readonly reason: string };

export interface SendOptions {
  readonly replyTo?: number | null;
  /** What `upload` answered: the files are on the server before the message is. With files the text may be empty. */
  readonly attachments?: readonly Attachment[];
  /** Have this one message followed from here to the last socket: `parley trace <clientId>` shows it. */
  readonly trace?: boolean;
}

/** What this client saw of a message that is followed: from `send` to its result. Never what it says. */
export interface SentSpan {
  readonly traceparent: string;
  readonly room: string;
  readonly clientId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly seq: number | null;
  readonly error: ErrorCode | null;
}

export interface UploadOptions {
  readonly name: string;
  /** Called as pieces arrive at the server, with 0 first and the whole size last. */
  readonly onProgress?: (sent: number, total: number) => void;
  /** Gives the upload up, here and on the server. */
  readonly signal?: AbortSignal;
}

/** Addresses for `<img src>` and `<a href>`: good for minutes, for the person signed in, as long as they may read the file. */
export interface FileUrls {
  readonly url: string;
  /** null: there is none (yet). */
  readonly thumbnail: string | null;
}

export interface RoomHandle {
  readonly id: string;
  /** Shown at once as an outbox entry; resolves with the result when it is committed, rejects with ParleyError when refused or rejected. */
  send(text: string, options?: SendOptions): Promise<CommandResult>;
  edit(target: number, text: string): Promise<CommandResult>;
  delete(target: number): Promise<CommandResult>;
  react(target: number, emoji: string): Promise<CommandResult>;
  unreact(target: number, emoji: string): Promise<CommandResult>;
  /** Everything up to seq is read (default: the newest). Never moves back unless `unread` is said. */
  markRead(seq?: number): void;
  /** "Mark as unread from here": the mark moves to just before seq. */
  markUnread(seq: number): void;
  /** Throttled; call at every key press. `false` when the composer was emptied. */
  typing(on?: boolean): void;
  saveDraft(text: string, replyTo?: number | null): void;
  mute(muted: boolean): Promise<void>;
  /** Loads the snapshot (members, newest messages) if it is not here. Call when the room is opened. */
  open(): Promise<void>;
  /** One page of older messages joined to the run. */
  loadOlder(): Promise<void>;
  /** A page around seq, beside the run (for permalinks); does not change the state. */
  around(seq: number): Promise<HistoryPage>;
  join(): Promise<RoomChanged>;
  leave(): Promise<RoomChanged>;
  rename(name: string): Promise<RoomChanged>;
  setTopic(topic: string): Promise<RoomChanged>;
  archive(archived: boolean): Promise<RoomChanged>;
  add(users: readonly string[]): Promise<RoomChanged>;
  remove(user: string): Promise<RoomChanged>;
  setRole(user: string, role: Role): Promise<RoomChanged>;
  invite(options?: { uses?: number; expiresInMs?: number }): Promise<{ code: string }>;
}

export interface Parley {
  /** The present state; the same object until something changes (fits React's useSyncExternalStore). */
  readonly state: ClientState;
  /** Called after each change of the state, at most once per turn of the event loop. Answers its own undo. */
  subscribe(listener: () => void): () => void;
  on<E extends keyof ParleyEvents>(event: E, listener: (payload: ParleyEvents[E]) => void): () => void;

  setup(): Promise<Setup>;
  register(input: Register): Promise<Tokens>;
  login(input: Login): Promise<Tokens>;
  /** Goes on with the session in the storage; false when there is none that is valid. */
  restore(): Promise<boolean>;
  /** Ends the session here and on the server, and forgets everything stored. */
  logout(): Promise<void>;
  /**
   * Erases my account for good and forgets everything stored here. It is gone when this resolves; my messages and files follow within minutes.
   * Throws ParleyError: invalid_credentials, slow_down, forbidden (the owner of the installation), unavailable (it may have been erased).
   */
  eraseAccount(password: string): Promise<void>;

  /**
   * Connects and stays connected (back-off with full jitter, `bye` obeyed). Resolves when first online. Needs a session.
   * Called while it waits for its next try ("Try now"), it tries at once.
   */
  connect(): Promise<void>;
  disconnect(): void;
  /** Disconnects, stops timers, gives up tab locks; storage stays. */
  close(): Promise<void>;

  room(id: string): RoomHandle;
  createRoom(input: CreateRoom): Promise<RoomChanged>;
  openDirect(user: string): Promise<RoomChanged>;
  publicRooms(query?: string): Promise<readonly { room: string; name: string; topic: string; members: number; joined: boolean }[]>;
  acceptInvitation(code: string): Promise<RoomChanged>;

  /**
   * Puts a file on the server for a message of this room, going on after cuts of the network; resolves with what `send` takes.
   * A file that no message names is gone after a day. Throws ParleyError: too_large, quota_exceeded, not_found (no member) and the like.
   */
  upload(room: string, file: Blob, options: UploadOptions): Promise<Attachment>;
  /** Asked for once and kept while it is good. Throws ParleyError('not_found') when the file is not there for this person. */
  fileUrl(id: string): Promise<FileUrls>;

  readonly people: {
    /** Batched and cached; unknown ids are left out. They appear in `state.people`. */
    load(ids: readonly string[]): Promise<void>;
    search(query: string): Promise<readonly Person[]>;
    /** Whose presence is shown: replaces the set. */
    watch(ids: readonly string[]): void;
  };

  readonly outbox: {
    /** Tries a failed entry again under its own client id; a rejected one under a new id. */
    retry(clientId: string): void;
    drop(clientId: string): void;
  };

  /** Any other call of the HTTP API, signed in and refreshed like the SDK's own. Throws ParleyError. */
  call(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<unknown>;

  /** How I am told while I am away. */
  readonly notifications: Notifications;

  readonly account: {
    rename(name: string): Promise<void>;
    changePassword(current: string, next: string): Promise<void>;
    sessions(): Promise<readonly { id: string; device: string | null; createdAt: number; lastUsedAt: number; current: boolean }[]>;
    revoke(session: string): Promise<void>;
    setPref(name: string, value: unknown): Promise<void>;
    makeInvitation(options?: { uses?: number; expiresInMs?: number }): Promise<{ code: string }>;
    setRegistration(mode: 'open' | 'invite'): Promise<void>;
  };
}

/** Keeps the session, the outbox, places and windows of rooms across restarts. Keys are strings, values are JSON. */
export interface Storage {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  /** Entries whose key begins with prefix. */
  list(prefix: string): Promise<readonly (readonly [string, unknown])[]>;
}

/** The socket as the SDK needs it: socket.io-client is one adapter, the simulation's network another. */
export interface Transport {
  open(options: { url: string; auth: () => Promise<unknown>; listener: TransportListener }): TransportConnection;
}
export interface TransportListener {
  connected(): void;
  frame(name: string, payload: unknown): void;
  /** refused: the server's typed refusal of the handshake. */
  closed(reason: string, refused: ErrorBody | null): void;
}
export interface TransportConnection {
  /** Resolves with the ack; rejects when the connection ends or `timeoutMs` passes first (then: not known). */
  request(name: string, payload: unknown, timeoutMs: number): Promise<unknown>;
  send(name: string, payload: unknown): void;
  close(): void;
}

export interface ParleyOptions {
  /** Where Parley is, e.g. http://localhost:8080. */
  readonly url: string;
  /** Default: IndexedDB in browsers, memory elsewhere. */
  readonly storage?: Storage;
  /** Name of this device in the session list. */
  readonly device?: string;
  /** Rate-limit class of its own, for load tests and imports. */
  readonly loadKey?: string;
  readonly observe?: (observation: Observation) => void;
  /** Called for each message that is followed, when its result is seen. With it, also the part of all messages is followed that the server asks for. */
  readonly onTrace?: (span: SentSpan) => void;
  /** Seams for tests and simulation; the defaults are the real ones. */
  readonly transport?: Transport;
  readonly fetch?: typeof fetch;
  readonly clock?: SdkClock;
  readonly random?: () => number;
  readonly newId?: () => string;
  readonly newTrace?: () => string;
}

export interface SdkClock {
  now(): number;
  /** Answers the cancel. */
  after(ms: number, callback: () => void): () => void;
}
