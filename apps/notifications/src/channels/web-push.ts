// Web push: encrypts for one device and hands it to that device's push service. The service sees neither text nor room.
import { createHash } from 'node:crypto';
import webPush from 'web-push';
import type { GuardedPost } from './guarded-post.ts';

export interface VapidKeys {
  readonly publicKey: string;
  readonly privateKey: string;
}

export interface PushMessage {
  readonly room: string;
  readonly seq: number;
  readonly title: string;
  readonly body: string;
}

/** gone: the device is there no more. refused: it will never be taken. later: try again. */
export type PushOutcome = 'sent' | 'gone' | 'refused' | 'later';

export interface PushChannel {
  readonly publicKey: string;
  send(device: { readonly endpoint: string; readonly p256dh: string; readonly auth: string }, message: PushMessage): Promise<PushOutcome>;
}

/** A push that waits longer than this for its device is no news. */
const TTL_SECONDS = 86_400;
/** Of a message, in a push: the encrypted whole must stay below 4 KiB. */
const TEXT_CHARS = 240;

export const makeVapidKeys = (): VapidKeys => webPush.generateVAPIDKeys();

/** The same for the same message: a push service keeps only the last of a topic, so a doubled push is one. 32 characters at most. */
const topicOf = (room: string, seq: number): string => createHash('sha256').update(`${room}:${seq}`).digest('base64url').slice(0, 32);

const shortened = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= TEXT_CHARS
    ? line
    : `${line
        .slice(0, TEXT_CHARS - 1)
        .toWellFormed()
        .replace(/\uFFFD$/, '')}…`;
};

export function createPushChannel(keys: VapidKeys, subject: string, post: GuardedPost): PushChannel {
  return {
    publicKey: keys.publicKey,
    async send({ endpoint, p256dh, auth }, { room, seq, title, body }) {
      // Title and text are shown as they are, never as HTML. The tag makes a second showing replace the first.
      const payload = JSON.stringify({ v: 1, room, seq, tag: `${room}:${seq}`, title: shortened(title), body: shortened(body) });
      const details = webPush.generateRequestDetails({ endpoint, keys: { p256dh, auth } }, payload, {
        vapidDetails: { subject, ...keys },
        TTL: TTL_SECONDS,
        urgency: 'high',
        topic: topicOf(room, seq),
        contentEncoding: 'aes128gcm',
      });
      const { status } = await post(details.endpoint, details.headers as Record<string, string>, details.body ?? '');
      if (status >= 200 && status < 300) return 'sent';
      if (status === 404 || status === 410) return 'gone';
      return status === 429 || status === 408 || status >= 500 ? 'later' : 'refused';
    },
  };
}
