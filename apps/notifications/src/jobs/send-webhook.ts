// One event to one webhook: posted with a signature, tried again with growing pauses, parked at the end. A webhook that gives up too often in a
// row is switched off. The event is asked for anew at each try, so a text that was deleted meanwhile is not told.
import type { Clock, JobAttempt } from '@parley/ports';
import { readEvents, type WebhookTried } from '@parley/protocol';
import type { InternalClient } from '@parley/runtime';
import { type GuardedPost, RefusedAddress } from '../channels/guarded-post.ts';
import { signWebhook } from '../channels/signatures.ts';
import type { HandStore } from '../store/store-hands.ts';
import type { WebhookRow, WebhookStore } from '../store/store-webhooks.ts';
import type { Note } from './follow-job.ts';

export interface SendWebhookDeps {
  readonly webhooks: WebhookStore;
  readonly hands: HandStore;
  readonly internal: InternalClient;
  readonly post: GuardedPost;
  readonly clock: Clock;
}

/** Pauses of 5 s, 20 s, 80 s, ... up to an hour: about three hours in all. */
export const WEBHOOK_TRIES = 8;
export const webhookBackoffMs = (attempt: number): number => Math.min(3_600_000, 5_000 * 4 ** (attempt - 1));
/** Deliveries given up in a row until the webhook is switched off. */
const FAILURES = 3;

/** Handles a job of `webhook.send`. Throws when it should be tried again. */
export const createSendWebhook = (deps: SendWebhookDeps) => {
  const { webhooks, hands, internal, post, clock } = deps;
  return async (job: JobAttempt, note: Note = () => {}): Promise<void> => {
    const { webhook: id, seq } = job.payload as { webhook: string; seq: number };
    const webhook = await webhooks.find(id);
    if (webhook === null || webhook.disabled !== null) return;
    const { events } = await internal.call(readEvents, { room: webhook.roomId, after: seq - 1, limit: 1 });
    const [event] = events;
    if (event === undefined) return;
    const body = JSON.stringify({ id: `${id}.${seq}`, type: event.type, room: webhook.roomId, seq, event });
    const tried = await postWebhook(webhook, `${id}.${seq}`, event.type, body, post, clock);
    note({ room: webhook.roomId, seq, outcome: tried.delivered ? 'delivered' : (tried.reason ?? `status ${tried.status}`) });
    if (tried.delivered) return webhooks.delivered(id);
    if (tried.status === 410) return webhooks.disable(id, 'gone');
    if (job.attempt >= WEBHOOK_TRIES && (await hands.first(`${job.id} given up`, clock.now()))) await webhooks.gaveUp(id, FAILURES);
    throw new Error(`the receiver of webhook ${id} did not take it: ${tried.reason ?? `status ${tried.status}`}`);
  };
};

/** Never throws: what went wrong is the answer. It says nothing of what the network behind us looks like. */
export async function postWebhook({ url, secret }: WebhookRow, id: string, type: string, body: string, post: GuardedPost, clock: Clock): Promise<WebhookTried> {
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'Parley-Webhook/1',
    'parley-id': id,
    'parley-event': type,
    'parley-signature': signWebhook(secret, body, clock.now()),
  };
  try {
    const { status } = await post(url, headers, body);
    return { delivered: status >= 200 && status < 300, status, reason: null };
  } catch (error) {
    return { delivered: false, status: null, reason: error instanceof RefusedAddress ? 'address refused' : 'not reached' };
  }
}
