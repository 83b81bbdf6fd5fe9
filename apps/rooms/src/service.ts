// Puts the parts of rooms together and gives them a life: database, waiters and account events, relay. Decides nothing itself.
import type { Clock, EventLog, Rng } from '@parley/ports';
import { eraseFromRooms, resendChanges } from '@parley/protocol';
import {
  answer,
  createSagaRunner,
  type InternalClient,
  type Logger,
  type Metrics,
  type PgConnection,
  type Service,
  type TokenVerifier,
  watchOutbox,
} from '@parley/runtime';
import { createAccountEvents } from './account-events.ts';
import { registerImports } from './imports/import-routes.ts';
import { importSaga } from './imports/import-saga.ts';
import { createImportUseCases } from './imports/import-use-cases.ts';
import { createRelay } from './log/relay.ts';
import { createRelayLease } from './log/relay-lease.ts';
import { createWaiters } from './log/waiters.ts';
import { registerRoutes } from './routes.ts';
import { createOutbox } from './store/outbox.ts';
import { createStore } from './store/store.ts';
import { createAccountEventStore } from './store/store-account-events.ts';
import { openDatabase } from './store/store-database.ts';
import { createErasureStore } from './store/store-erasure.ts';
import { createImportStore } from './store/store-imports.ts';
import { createInvitationStore } from './store/store-invitations.ts';
import { createUseCases } from './use-cases.ts';

export interface RoomsDeps {
  readonly database: PgConnection;
  readonly log: EventLog;
  readonly internal: InternalClient;
  readonly verifier: TokenVerifier;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
}

/** Rooms that an erased person leaves in one call: it must end well within its deadline. */
const ERASED_AT_ONCE = 50;

/** The rooms service. Its database must be migrated before `start`. */
export function createRooms({ database, log, internal, verifier, clock, rng, logger, metrics }: RoomsDeps): Service {
  const db = openDatabase(database);
  const outbox = createOutbox(db);
  watchOutbox(metrics, 'rooms', outbox.waiting);
  const relay = createRelay({ outbox, lease: createRelayLease(database, logger), log, clock, logger });
  const waiters = createWaiters({ log, clock, logger });
  const accountEvents = createAccountEvents({ log, store: createAccountEventStore(db), onChange: relay.wake, clock, logger });
  const store = createStore(db);
  const useCases = createUseCases({ store, invitations: createInvitationStore(db), waiters, internal, clock, rng, onChange: relay.wake });
  const erasures = createErasureStore(db);
  const imports = createImportStore(db);
  const sagas = createSagaRunner({
    store: imports.sagas,
    kinds: [importSaga({ imports, rooms: store, internal, now: () => clock.now(), onChange: relay.wake })],
    clock,
    logger,
    metrics,
  });
  const importUseCases = createImportUseCases({ store: imports, clock, rng, wake: sagas.wake });
  let stopping: Promise<void> | null = null;

  const stop = async (): Promise<void> => {
    await sagas.stop();
    await accountEvents.stop();
    await relay.stop();
    await waiters.stop();
    await db.$disconnect();
  };

  return {
    name: 'rooms',
    routes: (app) => {
      registerRoutes(app, useCases, verifier);
      registerImports(app, importUseCases, imports.sagas, verifier);
    },
    internal: [
      answer(resendChanges, async ({ room, after }) => {
        await outbox.resend(room, after);
        relay.wake();
        return {};
      }),
      answer(eraseFromRooms, async ({ user }) => {
        const { changed, done } = await erasures.erase(user, ERASED_AT_ONCE, clock.now());
        if (changed) relay.wake();
        return { done };
      }),
    ],
    async start() {
      // Before the relay: what it sends must not come back before somebody listens.
      await waiters.start();
      relay.start();
      await accountEvents.start();
      sagas.start();
    },
    async stop() {
      stopping ??= stop();
      await stopping;
    },
    problems: () => [relay.problem(), waiters.problem(), accountEvents.problem(), ...sagas.problems()].filter((problem) => problem !== null),
  };
}
