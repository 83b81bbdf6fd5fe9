// Problems in words: what happened and what to do, with the code kept to be shown small beside it. Pure.

export interface Said {
  readonly text: string;
  /** The code of Parley's error table; null when there is none. */
  readonly code: string | null;
}

const WORDS: Readonly<Record<string, string>> = {
  unavailable: 'The server cannot answer right now. Try again in a moment.',
  invalid_credentials: 'That name and password do not belong together. Check both.',
  handle_taken: 'Somebody already has that name. Choose another.',
  weak_password: 'Choose a password of at least 8 characters that is not your name.',
  registration_closed: 'New accounts need an invitation here. Ask someone for a link.',
  invitation_invalid: 'That invitation is unknown, used up or expired. Ask for a new one.',
  setup_code_required: 'The setup code is missing or wrong. Enter the one that is printed in the server console.',
  slow_down: 'That was a bit fast. Wait a moment, then try again.',
  session_revoked: 'You were signed out: this session was ended.',
  refresh_reused: 'You were signed out for safety. Please sign in again.',
  unauthenticated: 'Please sign in again.',
  token_expired: 'Your session has ended. Please sign in again.',
  not_member: 'You are not in this room any more.',
  room_archived: 'This room is archived: nobody can write in it.',
  last_owner: 'A room needs an owner. Make somebody else an owner first.',
  too_large: 'That is too large. Make it smaller.',
  quota_exceeded: 'Your files take up all the space there is for you. Delete messages with files first.',
  upload_conflict: 'The file did not get there whole. Attach it again.',
  message_deleted: 'That message was deleted meanwhile.',
  no_such_message: 'That message does not exist here.',
  reaction_limit: 'This message has as many kinds of reaction as it can hold.',
  forbidden: 'You may not do that here. Ask an owner of the room.',
};

const isCoded = (value: unknown): value is { code: string; message?: string; retryAfterMs?: number } =>
  typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string';

/** Anything thrown or answered, in words for people. */
export function saidOf(problem: unknown): Said {
  if (isCoded(problem) && problem.code === 'slow_down' && (problem.retryAfterMs ?? 0) >= 2000)
    return { text: `Too many tries. Wait ${Math.ceil((problem.retryAfterMs ?? 0) / 1000)} seconds, then try again.`, code: problem.code };
  if (isCoded(problem)) return { text: WORDS[problem.code] ?? problem.message ?? 'Something went wrong. Try again.', code: problem.code };
  if (problem instanceof TypeError) return { text: 'The server cannot be reached. Check the connection and try again.', code: null };
  return { text: 'Something went wrong. Try again.', code: null };
}
