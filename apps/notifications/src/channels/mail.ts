// Mail by SMTP: letters as plain text and simple HTML. Decides nothing about who gets one.
import nodemailer from 'nodemailer';

export interface Letter {
  /** The same for the same letter: a doubled one is one to mail programs that look. */
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Where one click ends all letters; null: it is not one of many. */
  readonly unsubscribeUrl: string | null;
}

export interface MailChannel {
  /** Resolves when the server has taken it. refused: it will never take it. Throws: try again. */
  send(letter: Letter): Promise<'sent' | 'refused'>;
  close(): void;
}

const ANSWER_MS = 15_000;

export function createMailChannel(smtpUrl: string, from: string): MailChannel {
  const transport = nodemailer.createTransport({ url: smtpUrl, connectionTimeout: ANSWER_MS, greetingTimeout: ANSWER_MS, socketTimeout: ANSWER_MS });
  const domain = /@([^>\s]+)/.exec(from)?.[1] ?? 'parley.invalid';
  return {
    async send({ id, to, subject, text, html, unsubscribeUrl }) {
      const list = unsubscribeUrl === null ? {} : { 'List-Unsubscribe': `<${unsubscribeUrl}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' };
      try {
        // As an object: an address that is parsed from a text could name more people than one.
        const address = { name: '', address: to };
        const headers = { ...list, 'Auto-Submitted': 'auto-generated' };
        await transport.sendMail({
          from,
          to: address,
          subject,
          text,
          html,
          messageId: `<${id}@${domain}>`,
          headers,
          disableFileAccess: true,
          disableUrlAccess: true,
        });
        return 'sent';
      } catch (error) {
        const { responseCode } = error as { responseCode?: number };
        if (responseCode !== undefined && responseCode >= 500) return 'refused';
        throw error;
      }
    },
    close: () => transport.close(),
  };
}
