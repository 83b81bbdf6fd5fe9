// The service: the core on Postgres with its public HTTP.
import type { Clock, EventLog, Feed, Rng } from '@parley/ports';
import type { InternalClient, Logger, PgConnection, Service, TokenVerifier } from '@parley/runtime';
import { createMessagesCore } from './core.ts';
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
}

/** The service `messages`. It holds no connection before start(). */
export function createMessages({ database, log, feed, internal, verifier, clock, rng, logger }: MessagesDeps): Service {
  const store = createSqlStore(database);
  const core = createMessagesCore({ store, log, feed, internal, clock, rng, logger });
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
