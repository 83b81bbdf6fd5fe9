// What letters say. Plain text and the same as HTML, where everything that somebody wrote is text.

export interface LetterItem {
  readonly room: string;
  readonly roomName: string;
  readonly author: string;
  readonly text: string;
}

const TEXT_CHARS = 500;

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[sign] ?? '');

const shortened = (text: string): string => (text.length <= TEXT_CHARS ? text : `${text.slice(0, TEXT_CHARS - 1).toWellFormed()}…`);

/** One letter with everything that waits, by room, in the order in which it was said. */
export function digestLetter(items: readonly LetterItem[], publicUrl: string, unsubscribeUrl: string): { subject: string; text: string; html: string } {
  const rooms = [...Map.groupBy(items, (item) => item.room)];
  const [first] = items;
  const one = items.length === 1 && first !== undefined;
  const subject = one ? `${first.author} wrote to you in ${first.roomName}` : `${items.length} messages wait for you in Parley`;
  const text: string[] = [];
  const html: string[] = [];
  for (const [room, own] of rooms) {
    const name = own[0]?.roomName ?? '';
    const url = `${publicUrl}/r/${room}`;
    text.push(`${name}\n${url}\n`, ...own.map((item) => `  ${item.author}: ${shortened(item.text)}`), '');
    const lines = own.map((item) => `<p><b>${escapeHtml(item.author)}</b>: ${escapeHtml(shortened(item.text)).replaceAll('\n', '<br>')}</p>`);
    html.push(`<h3><a href="${escapeHtml(url)}">${escapeHtml(name)}</a></h3>`, ...lines);
  }
  text.push(`No more letters: ${unsubscribeUrl}`);
  html.push(`<p><small><a href="${escapeHtml(unsubscribeUrl)}">No more letters</a></small></p>`);
  return { subject, text: text.join('\n'), html: html.join('\n') };
}

/** Asks whether the address is theirs who named it. */
export function confirmLetter(name: string, confirmUrl: string): { subject: string; text: string; html: string } {
  const words = `${name} asked Parley to send letters about unread messages to this address. If that was you, follow this link within a day:`;
  const other = 'If it was not, do nothing: no more will come.';
  return {
    subject: 'Confirm your address for Parley',
    text: `${words}\n\n${confirmUrl}\n\n${other}\n`,
    html: `<p>${escapeHtml(words)}</p><p><a href="${escapeHtml(confirmUrl)}">Confirm this address</a></p><p>${escapeHtml(other)}</p>`,
  };
}
