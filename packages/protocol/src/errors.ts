// The one table of refusals: what they are called, what HTTP says, whether trying again can help, and what to do.
// Every service, the gateway, the SDK and docs/errors.md take them from here; nothing else invents a code.

/** Whether the asked-for change certainly did not happen (`refused`) or may have (`unknown`). */
export type Outcome = 'refused' | 'unknown';

export interface ErrorRow {
  /** HTTP status. */
  readonly http: number;
  /** Whether the same request can succeed later without being changed. */
  readonly retry: boolean;
  readonly outcome: Outcome;
  /** What the reader should do, in one sentence. */
  readonly action: string;
}

const row = (http: number, action: string, retry = false, outcome: Outcome = 'refused'): ErrorRow => ({ http, retry, outcome, action });

/** Code -> row. Codes are for ever: one may be added, none may change its meaning. */
export const ERRORS = {
  // The request itself
  invalid: row(400, 'Correct the fields named in the details and send it again.'),
  unknown_event: row(400, 'Use one of the events in the protocol reference.'),
  unsupported_protocol: row(400, 'Update the client: this server speaks the protocol version named in the details.'),
  too_large: row(413, 'Make it smaller: the limit is in the details.'),
  not_found: row(404, 'Check the id: it does not exist, or you may not see it.'),
  slow_down: row(429, 'Wait for retryAfterMs, then send it again.', true),
  // Who you are
  unauthenticated: row(401, 'Sign in and send the access token.'),
  token_expired: row(401, 'Refresh the access token and send it again.', true),
  session_revoked: row(401, 'Sign in again: this session was ended.'),
  refresh_reused: row(401, 'Sign in again: this refresh token was used twice, so its session was ended for safety.'),
  invalid_credentials: row(401, 'Check the name and the password.'),
  forbidden: row(403, 'Ask someone with the needed role.'),
  origin_refused: row(403, 'Add this origin to PARLEY_ORIGINS.'),
  setup_code_required: row(403, 'Enter the one-time code printed in the server console.'),
  registration_closed: row(403, 'Ask for an invitation: registration is by invitation only.'),
  invitation_invalid: row(403, 'Ask for a new invitation: this one is unknown, used up or expired.'),
  handle_taken: row(409, 'Choose another name.'),
  weak_password: row(400, 'Choose a password of at least 8 characters that is not the name.'),
  // Rooms
  not_member: row(403, 'Join the room first.'),
  room_archived: row(409, 'Ask an owner to restore the room: it is archived.'),
  last_owner: row(409, 'Make somebody else an owner first.'),
  already_member: row(409, 'Nothing to do: they are a member already.'),
  direct_room: row(409, 'A direct room always has its two people: start a group instead.'),
  pending: row(202, 'It was accepted and will be visible soon: watch the room, do not repeat it.', false, 'unknown'),
  // Messages
  no_such_message: row(404, 'It does not exist in this room.'),
  message_deleted: row(410, 'Nothing to do: the message was deleted.'),
  not_your_message: row(403, 'Only its author can change it.'),
  client_id_reused: row(409, 'Make a new client id: this one was used with another body.'),
  reaction_limit: row(409, 'Use one of the reactions that are there: a message holds a limited number of kinds.'),
  poison: row(400, 'Report it: the command could not be decided and was set aside.'),
  // Files
  quota_exceeded: row(403, 'Delete messages with files first, or ask the operator for more space: the quota is in the details.'),
  upload_conflict: row(409, 'Ask with HEAD where the upload stands and go on from there.', true),
  // The server
  unavailable: row(503, 'Send the same thing again after retryAfterMs: it is not known whether it was taken.', true, 'unknown'),
  overloaded: row(503, 'Connect again after retryAfterMs.', true),
  draining: row(503, 'Connect again after retryAfterMs: this server is going down for a restart.', true),
  too_many_sockets: row(429, 'Close another connection of this account first.', true),
  internal: row(500, 'Try again; if it stays, give the operator the request id.', true, 'unknown'),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

export const ERROR_CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

export interface ErrorExtras {
  readonly retryAfterMs?: number;
  readonly details?: unknown;
  readonly cause?: unknown;
}

/** The body of every refusal, over HTTP (`{error: …}`), in socket acks and in `bye`. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterMs?: number;
  readonly details?: unknown;
}

/** A refusal with a code of the table. Its message says what happened; the table's action says what to do. */
export class ParleyError extends Error {
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;
  readonly details: unknown;

  constructor(code: ErrorCode, message?: string, extras: ErrorExtras = {}) {
    super(message ?? ERRORS[code].action, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.name = 'ParleyError';
    this.code = code;
    this.retryAfterMs = extras.retryAfterMs;
    this.details = extras.details;
  }

  get row(): ErrorRow {
    return ERRORS[this.code];
  }

  toBody(): ErrorBody {
    return {
      code: this.code,
      message: this.message,
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }
}
