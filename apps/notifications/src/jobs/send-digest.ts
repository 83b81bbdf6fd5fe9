// A letter that is due: everything that waits for the person and is still unread, in one. It collects until it is closed; once closed it holds
// the same at each try, under the same message id.
import type { Clock, JobAttempt, Presence } from '@parley/ports';
import { findPeople, readToTell } from '@parley/protocol';
import { currentTrace, type InternalClient } from '@parley/runtime';
import { digestLetter, type LetterItem } from '../channels/letters.ts';
import type { MailChannel } from '../channels/mail.ts';
import { quietUntil } from '../quiet-hours.ts';
import type { PeopleStore } from '../store/store-people.ts';
import type { NotificationRow, TellingStore } from '../store/store-telling.ts';
import type { Note } from './follow-job.ts';

export interface SendDigestDeps {
  readonly telling: TellingStore;
  readonly people: PeopleStore;
  readonly internal: InternalClient;
  readonly presence: Presence;
  readonly mail: MailChannel | null;
  readonly publicUrl: string;
  readonly unsubscribeUrl: (user: string) => string;
  /** How long somebody who is online with something unread is left in peace. */
  readonly waitMs: number;
  readonly clock: Clock;
  readonly onJobs: () => void;
}

/** Nobody wants yesterday's letter: after this it is dropped. */
const NEWS_MS = 24 * 3_600_000;

/** Handles a job of `notification.digest`. */
export const createSendDigest = (deps: SendDigestDeps) => {
  const { telling, people, presence, mail, clock, onJobs } = deps;
  return async (job: JobAttempt, note: Note = () => {}): Promise<void> => {
    const { id } = job.payload as { id: string };
    const digest = await telling.digest(id);
    if (digest === null || digest.state === 'sent' || digest.state === 'dropped') return;
    const { userId } = digest;
    const { mail: wanted, quiet, address, confirmed } = await people.preferences(userId);
    if (digest.state === 'waiting') {
      const online = (await presence.read([userId])).has(userId);
      const laterMs = quietUntil(quiet, clock.now()) ?? (online ? clock.now() + deps.waitMs : null);
      if (laterMs !== null) {
        note({ outcome: 'later' });
        await telling.digestAgain(id, clock.now(), laterMs, currentTrace());
        return onJobs();
      }
      await telling.closeDigest(id, userId);
    }
    const rows = await telling.digestItems(id);
    const items = mail !== null && wanted && confirmed ? await itemsOf(rows, deps) : [];
    note({ user: userId, jobs: items.length, outcome: 'dropped' });
    if (mail === null || address === null || items.length === 0) return telling.endDigest(id, 'dropped', []);
    const unsubscribeUrl = deps.unsubscribeUrl(userId);
    const letter = digestLetter(items, deps.publicUrl, unsubscribeUrl);
    const outcome = await mail.send({ id, to: address, unsubscribeUrl, ...letter });
    note({ outcome });
    const told = new Set(items.map((item) => item.id));
    const ids = rows.filter((row) => told.has(row.id)).map((row) => row.id);
    await telling.endDigest(id, outcome === 'sent' ? 'sent' : 'dropped', outcome === 'sent' ? ids : []);
  };
};

/** What is still news, with the words and names of now. */
async function itemsOf(rows: readonly NotificationRow[], { internal, telling, clock }: SendDigestDeps): Promise<readonly (LetterItem & { id: bigint })[]> {
  const fresh = rows.filter((row) => clock.now() - row.createdMs <= NEWS_MS);
  if (fresh.length === 0) return [];
  const { items } = await internal.call(readToTell, { items: fresh.map(({ userId, roomId, seq }) => ({ user: userId, room: roomId, seq })) });
  const news = fresh.flatMap((row, index) => {
    const item = items[index] ?? null;
    return item === null || item.read || item.muted ? [] : [{ row, item }];
  });
  const authors = [...new Set(news.map(({ item }) => item.author))];
  const { people } = authors.length === 0 ? { people: [] } : await internal.call(findPeople, { ids: authors, handles: [] });
  const names = new Map(people.map((person) => [person.id, person.name]));
  const rooms = new Map(await Promise.all([...new Set(news.map(({ row }) => row.roomId))].map(async (room) => [room, await telling.roomName(room)] as const)));
  return news.map(({ row, item }) => {
    const author = names.get(item.author) ?? 'Somebody';
    return { id: row.id, room: row.roomId, roomName: rooms.get(row.roomId)?.name ?? author, author, text: item.text };
  });
}
