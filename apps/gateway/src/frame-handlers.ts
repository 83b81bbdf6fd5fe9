// What answers each client frame; the table is the whole of what a client can ask of a gateway.
import { ParleyError, type ResumeAnswer } from '@parley/protocol';
import type { TokenVerifier } from '@parley/runtime';
import type { FrameHandlers } from './client-frames.ts';
import type { ReadMarks } from './frames/read-marks.ts';
import type { Sender } from './frames/send.ts';
import type { Typing } from './frames/typing.ts';
import type { Watched } from './people/watched.ts';
import type { Session } from './session.ts';
import { type ResumeDeps, resume } from './users/resume.ts';

export interface FrameHandlersDeps {
  readonly resume: ResumeDeps;
  readonly sender: Sender;
  readonly marks: ReadMarks;
  readonly typing: Typing;
  readonly watched: Watched;
  readonly verifier: TokenVerifier;
}

const unavailable = (message: string) => (cause: unknown) => {
  throw cause instanceof ParleyError ? cause : new ParleyError('unavailable', message, { retryAfterMs: 1_000, cause });
};

export const handlersOf = (deps: FrameHandlersDeps): FrameHandlers => ({
  // Answered before the first event of it is written.
  resume: async (session, request, done) => {
    await resume(deps.resume, session, request, (answer: ResumeAnswer) => done(answer));
    return {};
  },
  send: async (session, command) => {
    await deps.sender.send(session, command);
    return { status: 'accepted' };
  },
  read: (session, mark) => {
    if (!deps.marks.mark(session.user, mark)) throw new ParleyError('overloaded', 'Too many read marks wait.', { retryAfterMs: 5_000 });
    return {};
  },
  typing: (session, { room, on }) => {
    deps.typing.say(session, room, on);
    return {};
  },
  watch: async (session, { people }) => {
    const presence = await deps.watched.set(session, [...new Set(people)]).catch(unavailable('Presence is away.'));
    return { presence };
  },
  auth: (session, { token }) => renew(deps.verifier, session, token),
});

/** A fresh token of the same user and session: the socket lives until that one ends. */
async function renew(verifier: TokenVerifier, session: Session, token: string): Promise<object> {
  const claims = await verifier.verify(token);
  if (claims.sub !== session.user || claims.sid !== session.claims.sid) throw new ParleyError('forbidden', 'The token is of another session.');
  // An older token that comes late must not shorten what a newer one gave.
  if (claims.exp > session.claims.exp) session.claims = claims;
  return { exp: session.claims.exp };
}
