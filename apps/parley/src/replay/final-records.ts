// When everything has come to rest: what each client shows, and what the server holds. Reads only through the public API.
import type { FinalRoomRecord, FinalViewRecord, HistoryRecord } from '@parley/checker';
import type { AnyRoomEvent, Member } from '@parley/protocol';
import { EventsPage, LIMITS, MembersPage } from '@parley/protocol';
import type * as z from 'zod/mini';
import { type Client, persist, until } from './actor.ts';

export interface FinalInput {
  readonly owner: Client;
  readonly actors: readonly Client[];
  readonly rooms: readonly string[];
  /** Per room: indexes of the actors who should be in it. */
  readonly present: readonly ReadonlySet<number>[];
  readonly fail: (what: string, error: unknown) => void;
  readonly settleMs: number;
}

export async function finalRecords(input: FinalInput): Promise<HistoryRecord[]> {
  const records: HistoryRecord[] = [];
  for (const [index, room] of input.rooms.entries()) {
    const final = await finalRoom(input.owner, room);
    records.push(final);
    const head = final.events.at(-1)?.seq ?? 0;
    const members = [input.owner, ...[...(input.present[index] ?? [])].flatMap((person) => input.actors[person] ?? [])];
    await Promise.all(
      members.map(async (actor) => {
        // A client that never gets there is judged by its view as it stands: the checker calls what it lacks lost.
        await until(actor.parley, () => (actor.parley.state.rooms.get(room)?.seq ?? -1) >= head, `${actor.user} at ${head}`, input.settleMs).catch(
          (error: unknown) => input.fail('settling', error),
        );
        const view = finalView(actor, room);
        if (view !== null) records.push(view);
      }),
    );
  }
  return records;
}

function finalView(actor: Client, room: string): FinalViewRecord | null {
  const state = actor.parley.state.rooms.get(room);
  if (state === undefined) return null;
  return { final: 'view', client: actor.client, user: actor.user, room, seq: state.seq, messages: state.messages, from: state.from, read: state.read };
}

async function finalRoom(owner: Client, room: string): Promise<FinalRoomRecord> {
  const events: AnyRoomEvent[] = [];
  for (;;) {
    const after = events.at(-1)?.seq ?? 0;
    const page: z.infer<typeof EventsPage> = EventsPage.parse(await get(owner, `/api/rooms/${room}/events?after=${after}&limit=${LIMITS.eventsPage}`));
    events.push(...page.events);
    if (page.events.length === 0 || (events.at(-1)?.seq ?? 0) >= page.head) break;
  }
  const members: Member[] = [];
  for (;;) {
    const after = members.at(-1)?.user;
    const page: z.infer<typeof MembersPage> = MembersPage.parse(
      await get(owner, `/api/rooms/${room}/members?limit=${LIMITS.membersPage}${after === undefined ? '' : `&after=${after}`}`),
    );
    members.push(...page.members);
    if (!page.more) break;
  }
  const summary = owner.parley.state.rooms.get(room)?.summary;
  return { final: 'room', room, history: summary?.history ?? 'all', from: summary?.floor ?? 0, events, members };
}

const get = (owner: Client, path: string): Promise<unknown> => persist(() => owner.parley.call('GET', path));
