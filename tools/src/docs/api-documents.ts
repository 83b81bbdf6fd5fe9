// The OpenAPI and AsyncAPI documents, as the running server would answer them. Services are asked for their routes and never started.
import { createAccounts } from '@parley/accounts';
import { buildAsyncApi, buildOpenApi, buildPublicApi } from '@parley/edge';
import { createMedia } from '@parley/media';
import { createMessages } from '@parley/messages';
import { createNotifications } from '@parley/notifications';
import { systemClock as clock, systemRng as rng } from '@parley/ports';
import { createMemoryEventLog, createMemoryFeed, createMemoryPresence, createMemoryWorkQueue } from '@parley/ports/memory';
import { TOPICS } from '@parley/protocol';
import { createRooms } from '@parley/rooms';
import { createLogger, type InternalClient, type Service, type TokenVerifier } from '@parley/runtime';

const absent = (): never => {
  throw new Error('Documents need no server.');
};

function unstartedServices(): readonly Service[] {
  const logger = createLogger({ level: 'silent' });
  const database = { host: '127.0.0.1', port: 1, user: 'nobody', database: 'none' };
  const log = createMemoryEventLog({ clock, topics: Object.fromEntries(Object.values(TOPICS).map((topic) => [topic, { partitions: 1 }])) });
  const feed = createMemoryFeed({ clock });
  const internal: InternalClient = { call: absent };
  const verifier: TokenVerifier = { verify: absent };
  const config = { issuer: 'docs', registration: 'open', setupCode: null } as const;
  return [
    createAccounts({ internal, database, log, clock, rng, logger, config }),
    createRooms({ database, log, internal, verifier, clock, rng, logger }),
    createMessages({ database, log, feed, internal, verifier, clock, rng, logger }),
    createMedia({
      database,
      log,
      queue: createMemoryWorkQueue({ clock }),
      internal,
      verifier,
      clock,
      rng,
      logger,
      config: { dir: 'none', linkKey: rng.secret(32) },
    }),
    createNotifications({
      database,
      log,
      queue: createMemoryWorkQueue({ clock }),
      presence: createMemoryPresence({ clock }),
      internal,
      verifier,
      clock,
      rng,
      logger,
      config: { publicUrl: 'none', vapid: null, vapidSubject: 'none', smtpUrl: null, mailFrom: 'none', allowPrivate: false },
    }),
  ];
}

const asFile = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;

export const openApiFile = async (): Promise<string> => asFile(await buildOpenApi(unstartedServices()));
export const asyncApiFile = (): string => asFile(buildAsyncApi());
/** What the edge of a cluster knows of the services' routes. */
export const publicApiFile = async (): Promise<string> => asFile(await buildPublicApi(unstartedServices()));
