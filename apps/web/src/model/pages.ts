// Joining pages of history that a permalink opened, without ever hiding a hole. Pure.
import type { Page } from './shapes.ts';

/** Two pages as one when they touch or overlap; null when there is a hole between them. The newer reading of a message wins. */
export function joinPages(a: Page, b: Page): Page | null {
  if (a.from > b.to || b.from > a.to) return null;
  const older = a.from <= b.from ? a : b;
  const newer = a.to >= b.to ? a : b;
  const messages = new Map(a.messages.map((message) => [message.seq, message]));
  for (const message of b.messages) {
    const known = messages.get(message.seq);
    if (known === undefined || message.ver >= known.ver) messages.set(message.seq, message);
  }
  const notices = new Map([...a.notices, ...b.notices].map((notice) => [notice.seq, notice]));
  const bySeq = (x: { seq: number }, y: { seq: number }) => x.seq - y.seq;
  return {
    at: Math.max(a.at, b.at),
    from: older.from,
    to: newer.to,
    messages: [...messages.values()].sort(bySeq),
    notices: [...notices.values()].sort(bySeq),
    moreBefore: older.moreBefore,
    moreAfter: newer.moreAfter,
  };
}
