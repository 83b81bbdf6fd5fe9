// A new access token for a refresh token, which is replaced. One that is used twice after its grace ends the session: somebody else has it.
import { ParleyError, type Tokens } from '@parley/protocol';
import { hashSecret, judgeRefresh, sameBytes } from '../credentials/refresh-tokens.ts';
import { emitSession } from '../store/outbox.ts';
import { type Transaction, transact } from '../store/store.ts';
import { lockPerson, type SignInRow } from '../store/store-people.ts';
import { endSession, readSession, rotateSession, type SessionRow, sessionOwner } from '../store/store-sessions.ts';
import { type Context, tokensFor } from './context.ts';

/** Throws ParleyError: unauthenticated, session_revoked, refresh_reused. */
export async function refreshTokens(context: Context, token: string): Promise<Tokens> {
  const presented = context.refresh.read(token);
  if (!presented) throw new ParleyError('unauthenticated', 'The refresh token is not one of ours.');
  const result = await transact(context.database, async (tx) => {
    const user = await sessionOwner(tx, presented.session);
    const row = user === null ? null : await lockPerson(tx, user);
    const session = row && (await readSession(tx, presented.session));
    // Rows of sessions that ended long ago are gone.
    if (!row || !session) return { verdict: 'ended' as const };
    return { row, session, ...(await applyVerdict(context, tx, row, session, { token, number: presented.number })) };
  });
  if (result.verdict === 'ended') throw new ParleyError('session_revoked');
  if (result.verdict === 'unknown') throw new ParleyError('unauthenticated', 'The refresh token is not one of ours.');
  if (result.verdict === 'reused') {
    context.told();
    throw new ParleyError('refresh_reused');
  }
  const { row, session, number } = result;
  return tokensFor(context, { ...row, session: session.id, cls: session.cls, refreshToken: context.refresh.derive(session.id, number) });
}

type Applied =
  | { verdict: 'ended' }
  | { verdict: 'unknown' }
  | { verdict: 'reused' }
  | { verdict: 'rotate'; number: number }
  | { verdict: 'repeat'; number: number };

/** Decides under the person's lock, so that of two tabs one rotates and the other gets the same successor. */
async function applyVerdict(
  { clock, refresh }: Context,
  tx: Transaction,
  row: SignInRow,
  session: SessionRow,
  presented: { token: string; number: number },
): Promise<Applied> {
  const now = clock.now();
  const verdict = judgeRefresh(session, presented.number, now);
  if (verdict === 'rotate') {
    if (!sameBytes(hashSecret(presented.token), session.tokenHash)) return { verdict: 'unknown' };
    const number = session.number + 1;
    await rotateSession(tx, session.id, number, refresh.derive(session.id, number), now);
    return { verdict, number };
  }
  if (verdict === 'repeat') return { verdict, number: session.number };
  if (verdict === 'reused' && (await endSession(tx, session.id, row.person.id, 'reuse', now))) {
    await emitSession(tx, { v: 1, type: 'session.revoked', session: session.id, user: row.person.id, time: now });
  }
  return { verdict };
}
