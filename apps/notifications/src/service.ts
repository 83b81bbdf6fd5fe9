// Puts the parts of notifications together and gives them a life: events in, jobs out, workers. Decides nothing itself.
import type { Clock, EventLog, Presence, Rng, Working, WorkQueue } from '@parley/ports';
import { eraseFromNotifications, ParleyError } from '@parley/protocol';
import {
  answer,
  type InternalClient,
  type Logger,
  type Metrics,
  NO_TRACING,
  type PgConnection,
  type Service,
  type TokenVerifier,
  type Tracing,
  watchOutbox,
  zodRoutes,
} from '@parley/runtime';
import { createGuardedPost } from './channels/guarded-post.ts';
import { createMailChannel, type MailChannel } from './channels/mail.ts';
import { createPushChannel, makeVapidKeys, type PushChannel, type VapidKeys } from './channels/web-push.ts';
import { WEBHOOK } from './fold-events.ts';
import { followJob } from './jobs/follow-job.ts';
import { inOneHand } from './jobs/in-one-hand.ts';
import { createSendDigest } from './jobs/send-digest.ts';
import { createSendPush } from './jobs/send-push.ts';
import { createSendWebhook, WEBHOOK_TRIES, webhookBackoffMs } from './jobs/send-webhook.ts';
import { createTell } from './jobs/tell.ts';
import { createLinks, type Links } from './links.ts';
import { createRelay } from './relay.ts';
import { createRoomEvents } from './room-events.ts';
import { addLinkRoutes } from './routes/link-routes.ts';
import { addOwnRoutes } from './routes/own-routes.ts';
import { addRoomRoutes } from './routes/room-routes.ts';
import { createSessionEvents } from './session-events.ts';
import { createOutbox } from './store/outbox.ts';
import { openDatabase } from './store/store-database.ts';
import { createEventStore, DIGEST, TELL } from './store/store-events.ts';
import { createHandStore } from './store/store-hands.ts';
import { createPeopleStore } from './store/store-people.ts';
import { createSessionStore } from './store/store-sessions.ts';
import { createTellingStore, PUSH } from './store/store-telling.ts';
import { createWebhookStore, secretNamed } from './store/store-webhooks.ts';
import { createUseCases } from './use-cases.ts';

export interface NotificationsConfig {
  /** Where people reach Parley, without a slash at the end: for the links in letters. */
  readonly publicUrl: string;
  /** null: a pair is made at the first start and kept in the database. */
  readonly vapid: VapidKeys | null;
  /** Whom a push service may turn to: mailto: or https:. */
  readonly vapidSubject: string;
  /** null: no mail is sent. */
  readonly smtpUrl: string | null;
  readonly mailFrom: string;
  /** Webhooks and push services may be on private addresses (closed networks, tests). */
  readonly allowPrivate: boolean;
  /** How long somebody has to read by themself before a push. Default 3 s. */
  readonly pushDelayMs?: number;
  /** How long a letter collects. Default 5 minutes. */
  readonly mailDelayMs?: number;
}

export interface NotificationsDeps {
  readonly database: PgConnection;
  readonly log: EventLog;
  readonly queue: WorkQueue;
  readonly presence: Presence;
  readonly internal: InternalClient;
  readonly verifier: TokenVerifier;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  /** Default: nothing is followed. */
  readonly tracing?: Tracing;
  readonly metrics?: Metrics | undefined;
  readonly config: NotificationsConfig;
}

const PUSH_DELAY_MS = 3_000;
const MAIL_DELAY_MS = 5 * 60_000;
const KEEP_MS = 30 * 24 * 3_600_000;
/** With pauses up to a minute: some 15 minutes of an outage of whoever is asked. */
const TRIES = 20;
const PUSH_TRIES = 8;

/** The notifications service. Its database must be migrated before `start`. */
export function createNotifications(deps: NotificationsDeps): Service {
  const { log, queue, internal, clock, logger, config, tracing = NO_TRACING } = deps;
  const parts = createParts(deps);
  const { db, telling, people, mail, post } = parts;
  const tidy = async (): Promise<void> => {
    await telling.forgetBefore(clock.now() - KEEP_MS);
    await parts.hands.forgetHandsBefore(clock.now() - KEEP_MS);
  };
  const outbox = createOutbox(db);
  watchOutbox(deps.metrics, 'notifications', () => outbox.waiting(clock.now()));
  const relay = createRelay({ outbox, queue, tidy, clock, logger });
  const delays = { pushMs: config.pushDelayMs ?? PUSH_DELAY_MS, mailMs: config.mailDelayMs ?? MAIL_DELAY_MS };
  const roomEvents = createRoomEvents({ log, store: createEventStore(db), internal, delays, onJobs: relay.wake, clock, logger, tracing });
  const sessionEvents = createSessionEvents({ log, store: createSessionStore(db), clock, logger });
  const cases = createUseCases({ ...deps, ...parts, allowPrivate: config.allowPrivate });
  const told = { ...deps, telling, people, onJobs: relay.wake };
  const working: Working[] = [];
  let stopping: Promise<void> | null = null;

  const work = async (): Promise<void> => {
    const publicUrl = config.publicUrl;
    const digest = createSendDigest({ ...told, mail, publicUrl, unsubscribeUrl: (user) => parts.links().unsubscribeUrl(user), waitMs: delays.mailMs });
    const sendWebhook = createSendWebhook({ webhooks: parts.webhooks, hands: parts.hands, internal, post, clock });
    working.push(await queue.work(TELL, followJob(tracing, 'notifications.tell', createTell(told)), { tries: TRIES }));
    const sendPush = createSendPush({ telling, people, internal, channel: parts.channel, logger });
    const once = { hands: parts.hands, clock, rng: deps.rng, logger };
    // A letter has a job for each look at it.
    const oneLetter = inOneHand(once, { nameOf: (job) => `d${(job.payload as { id: string }).id}`, onceForAll: false }, digest);
    const onePush = inOneHand(once, { nameOf: (job) => job.id, onceForAll: false }, sendPush);
    const oneCall = inOneHand(once, { nameOf: (job) => job.id, onceForAll: true }, sendWebhook);
    working.push(await queue.work(PUSH, followJob(tracing, 'notifications.push', onePush), { tries: PUSH_TRIES }));
    working.push(await queue.work(DIGEST, followJob(tracing, 'notifications.mail', oneLetter), { tries: TRIES, concurrency: 2, visibilityMs: 120_000 }));
    working.push(await queue.work(WEBHOOK, followJob(tracing, 'notifications.webhook', oneCall), { tries: WEBHOOK_TRIES, backoffMs: webhookBackoffMs }));
  };
  const stop = async (): Promise<void> => {
    await Promise.all([roomEvents.stop(), sessionEvents.stop()]);
    await relay.stop();
    await Promise.all(working.map((one) => one.stop()));
    mail?.close();
    await db.$disconnect();
  };

  return {
    name: 'notifications',
    routes(app) {
      const routes = zodRoutes(app);
      addOwnRoutes(routes, cases, deps.verifier, () => parts.channel().publicKey);
      addRoomRoutes(routes, cases, deps.verifier);
      addLinkRoutes(app, parts.links);
    },
    internal: [
      answer(eraseFromNotifications, async ({ user }) => {
        await people.erase(user);
        return { done: true };
      }),
    ],
    async start() {
      await parts.open();
      await work();
      relay.start();
      await Promise.all([roomEvents.start(), sessionEvents.start()]);
    },
    async stop() {
      stopping ??= stop();
      await stopping;
    },
    problems: () => [roomEvents.problem(), sessionEvents.problem(), relay.problem()].filter((problem) => problem !== null),
  };
}

/** Stores and channels. Keys are there after `open`. */
function createParts({ database, clock, rng, config }: NotificationsDeps) {
  const db = openDatabase(database);
  const people = createPeopleStore(db);
  const post = createGuardedPost({ clock, allowPrivate: config.allowPrivate });
  const mail: MailChannel | null = config.smtpUrl === null ? null : createMailChannel(config.smtpUrl, config.mailFrom);
  let opened: { readonly channel: PushChannel; readonly links: Links } | null = null;
  const now = (): NonNullable<typeof opened> => {
    if (opened === null) throw new ParleyError('unavailable', 'Notifications is starting.', { retryAfterMs: 500 });
    return opened;
  };
  return {
    db,
    people,
    telling: createTellingStore(db),
    hands: createHandStore(db),
    webhooks: createWebhookStore(db),
    post,
    mail,
    channel: () => now().channel,
    links: () => now().links,
    async open(): Promise<void> {
      const keys = config.vapid ?? (await secretNamed(db, 'vapid', makeVapidKeys));
      const { key } = await secretNamed(db, 'links', () => ({ key: rng.secret(32) }));
      opened = { channel: createPushChannel(keys, config.vapidSubject, post), links: createLinks(key, config.publicUrl, people, clock) };
    },
  };
}
