// What every use case of accounts works with.
import type { Clock, Rng } from '@parley/ports';
import type { Person, Tokens } from '@parley/protocol';
import type { AccessTokens } from '../credentials/access-tokens.ts';
import type { PasswordHasher } from '../credentials/passwords.ts';
import type { RateLimits } from '../credentials/rate-limits.ts';
import type { RefreshTokens } from '../credentials/refresh-tokens.ts';
import type { Database } from '../store/store.ts';
import type { Role } from '../store/store-people.ts';
import type { SessionClass } from '../store/store-sessions.ts';

export interface Context {
  readonly database: Database;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly passwords: PasswordHasher;
  readonly access: AccessTokens;
  readonly refresh: RefreshTokens;
  readonly limits: RateLimits;
  readonly config: { readonly registration: 'open' | 'invite'; readonly setupCode: string | null };
  readonly sagas: { wake(): void };
  /** Something was written to the outbox and committed. */
  readonly told: () => void;
}

/** Where a sign-in comes from. */
export interface Visitor {
  readonly address: string;
  /** What came in LOAD_KEY_HEADER. */
  readonly loadKey: string | undefined;
}

/** Who asks, by a session that is live. */
export interface Caller {
  readonly user: string;
  readonly session: string;
  readonly role: Role;
}

/** The answer of register, login and refresh. */
export async function tokensFor(
  { access }: Context,
  of: { readonly person: Person; readonly role: Role; readonly session: string; readonly cls: SessionClass; readonly refreshToken: string },
): Promise<Tokens> {
  const issued = await access.issue({ sub: of.person.id, sid: of.session, role: of.role, cls: of.cls });
  return { user: of.person, role: of.role, session: of.session, refreshToken: of.refreshToken, ...issued };
}
