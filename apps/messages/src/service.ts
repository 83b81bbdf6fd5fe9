// The service: the core on Postgres with its public HTTP.
import type { Clock, EventLog, Feed, Rng } from '@parley/ports';
import type { InternalClient, Logger, Metrics, PgConnection, Service, TokenVerifier, Tracing } from '@parley/runtime';
import { createMessagesCore } from './core.ts';
import { type Crash, crashing } from './crash-points.ts';
import { routeImport } from './http/import.ts';
import { routeMe } from './http/me.ts';
import { routeRooms } from './http/rooms.ts';
import { createSqlStore } from './store/store-sql.ts';

export interface MessagesDeps {
  /** Messages' own database, migrated. */
  readonly database: PgConnection;
  readonly log: EventLog;
  readonly feed: Feed;
  /** Asks rooms to send changes again at a gap. */
  readonly internal: InternalClient;
  readonly verifier: TokenVerifier;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  /** For tests of faults: called at each point where this process may have to die. */
  readonly crash?: Crash | undefined;
  /** Default: nothing is followed. */
  readonly tracing?: Tracing;
  readonly metrics?: Metrics | undefined;
}

/** The service `messages`. It holds no connection before start(). */
export function createMessages({ database, internal, verifier, clock, rng, logger, crash, ...rest }: MessagesDeps): Service {
  const { store, log, feed } = crashing(crash, { store: createSqlStore(database), log: rest.log, feed: rest.feed, clock });
  const core = createMessagesCore({ ...rest, store, log, feed, internal, clock, rng, logger });
  return {
    name: 'messages',
    routes: (app) => {
      routeMe(app, { store, verifier, core });
      routeRooms(app, { store, verifier, core });
      routeImport(app, { store, verifier, log, clock });
    },
    internal: core.internal,
    start: core.start,
    stop: core.stop,
    problems: core.problems,
  };
}
