// What the one process needs to tell people who are away: from its settings, with what stands in for those that are not given.
import type { NotificationsConfig } from '@parley/notifications';
import type { Config } from './config.ts';

export type NotificationSettings = Partial<NotificationsConfig>;

const SUBJECT = 'mailto:operator@parley.invalid';
const FROM = 'Parley <parley@parley.invalid>';

/** The settings as the service takes them. `port`: of this process, for links where no address is given. */
export const notificationsConfig = (given: NotificationSettings, port: number): NotificationsConfig => ({
  publicUrl: `http://127.0.0.1:${port}`,
  vapid: null,
  vapidSubject: SUBJECT,
  smtpUrl: null,
  mailFrom: FROM,
  allowPrivate: false,
  ...given,
});

/** From the environment's settings. Half a pair of keys counts as none. */
export function notificationSettings(config: Config): NotificationSettings {
  const { VAPID_PUBLIC_KEY: publicKey, VAPID_PRIVATE_KEY: privateKey, PUBLIC_URL: publicUrl } = config;
  return {
    ...(publicUrl === undefined ? {} : { publicUrl: publicUrl.replace(/\/+$/, '') }),
    vapid: publicKey === undefined || privateKey === undefined ? null : { publicKey, privateKey },
    vapidSubject: config.VAPID_SUBJECT,
    smtpUrl: config.SMTP_URL ?? null,
    mailFrom: config.MAIL_FROM,
    allowPrivate: config.WEBHOOK_ALLOW_PRIVATE === '1',
  };
}
