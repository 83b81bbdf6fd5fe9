// The service: puts the use cases on HTTP routes and internal calls, and runs the relay. Decides nothing itself.
import { fileURLToPath } from 'node:url';
import type { Clock, EventLog, Rng } from '@parley/ports';
import type { Logger, PgConnection, Service } from '@parley/runtime';

/** The folder of the database's migrations. */
export const migrationsFolder = fileURLToPath(new URL('../prisma/migrations', import.meta.url));

export interface AccountsConfig {
  /** `iss` of access tokens; the verifiers name the same. */
  readonly issuer: string;
  /** Who may register until the owner decides it in the app. */
  readonly registration: 'open' | 'invite';
  /** The first registration must bring it; null: it need not. */
  readonly setupCode: string | null;
  /** How long an access token lives. Default 10 minutes. */
  readonly accessTtlMs?: number;
}

export interface AccountsDeps {
  readonly database: PgConnection;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  readonly config: AccountsConfig;
}

export type Accounts = Service;

export function createAccounts(_deps: AccountsDeps): Accounts {
  return { name: 'accounts', start: async () => {}, stop: async () => {} };
}
