// The service: puts the use cases on HTTP routes and internal calls, and runs the relay. Decides nothing itself.
import { fileURLToPath } from 'node:url';
import type { Clock, EventLog, Rng } from '@parley/ports';
import {
  bringPeople as bringPeopleContract,
  findPeople,
  knownPeople,
  makeLoadKey as makeLoadKeyContract,
  ParleyError,
  readJwks,
  readSetup as readSetupContract,
} from '@parley/protocol';
import {
  answer,
  createSagaRunner,
  createVerifier,
  type InternalClient,
  type Limits,
  type Logger,
  type Metrics,
  type PgConnection,
  type Service,
  watchOutbox,
  zodRoutes,
} from '@parley/runtime';
import { createAccessTokens, makeSigningKey } from './credentials/access-tokens.ts';
import { createPasswordHasher } from './credentials/passwords.ts';
import { createRateLimits } from './credentials/rate-limits.ts';
import { createRefreshTokens } from './credentials/refresh-tokens.ts';
import { erasureSaga } from './erasure/erasure-saga.ts';
import { addErasureRoutes } from './routes/erasure-routes.ts';
import { createSessionGuard } from './routes/session-guard.ts';
import { addSignInRoutes } from './routes/sign-in-routes.ts';
import { addMyRoutes, addOwnerRoutes } from './routes/signed-in-routes.ts';
import { createRelay } from './store/outbox.ts';
import { openDatabase, transact } from './store/store.ts';
import { secretNamed } from './store/store-access.ts';
import { forgetPerson, openSagas } from './store/store-erasure.ts';
import { knownIds, peopleByIdsOrHandles } from './store/store-people.ts';
import type { Context } from './use-cases/context.ts';
import { makeLoadKey } from './use-cases/load-keys.ts';
import { bringPeople } from './use-cases/people.ts';
import { readSetup } from './use-cases/setup.ts';

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
  /** The services that an erasure goes through. */
  readonly internal: InternalClient;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  readonly config: AccountsConfig;
  /** Where attempts are counted. Default: in this process. */
  readonly limits?: Limits;
  /** Called at each password hash; for metrics. */
  readonly onHash?: () => void;
  readonly metrics?: Metrics | undefined;
}

export type Accounts = Service;

const ACCESS_TTL_MS = 600_000;

/** The accounts service. Its database must be migrated (migrationsFolder) before start(). */
export function createAccounts(deps: AccountsDeps): Accounts {
  const { clock, rng, config } = deps;
  const database = openDatabase(deps.database);
  const relay = createRelay({ database, log: deps.log, clock, logger: deps.logger });
  watchOutbox(deps.metrics, 'accounts', () => database.outbox.count());
  const sagaStore = openSagas(database);
  const sagas = createSagaRunner({
    store: sagaStore,
    kinds: [erasureSaga(deps.internal, (user) => transact(database, (tx) => forgetPerson(tx, user)))],
    clock,
    logger: deps.logger,
    metrics: deps.metrics,
  });
  let started: Context | null = null;
  const context = (): Context => {
    if (!started) throw new ParleyError('unavailable', 'Accounts is starting.', { retryAfterMs: 500 });
    return started;
  };
  const verifier = createVerifier({ jwks: async () => context().access.jwks, clock, issuer: config.issuer });
  const guard = createSessionGuard(context, verifier);

  return {
    name: 'accounts',
    routes(app) {
      const routes = zodRoutes(app);
      addSignInRoutes(routes, context, guard);
      addMyRoutes(routes, context, guard);
      addOwnerRoutes(routes, context, guard);
      addErasureRoutes(routes, context, guard, sagaStore);
    },
    internal: [
      answer(readJwks, async () => context().access.jwks),
      answer(readSetupContract, async () => readSetup(context())),
      answer(makeLoadKeyContract, async () => makeLoadKey(context())),
      answer(bringPeopleContract, async ({ people }) => bringPeople(context(), people)),
      answer(findPeople, async ({ ids, handles }) => ({ people: await peopleByIdsOrHandles(database, ids, handles) })),
      answer(knownPeople, async ({ ids }) => ({ ids: await knownIds(database, ids) })),
    ],
    async start() {
      const signingKey = await secretNamed(database, 'access-token-key', async () => ({ ...(await makeSigningKey()) }));
      const refreshKey = await secretNamed(database, 'refresh-token-key', async () => ({ key: rng.secret(32) }));
      started = {
        database,
        clock,
        rng,
        config,
        passwords: createPasswordHasher({ rng, ...(deps.onHash ? { onHash: deps.onHash } : {}) }),
        access: await createAccessTokens(signingKey, { clock, issuer: config.issuer, ttlMs: config.accessTtlMs ?? ACCESS_TTL_MS }),
        refresh: createRefreshTokens(refreshKey.key),
        limits: createRateLimits(deps.limits),
        sagas,
        told: relay.wake,
      };
      relay.start();
      sagas.start();
    },
    async stop() {
      started = null;
      await sagas.stop();
      await relay.stop();
      await database.$disconnect();
    },
    problems: () => [...relay.problems(), ...sagas.problems()],
  };
}
