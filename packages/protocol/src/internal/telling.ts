// What notifications asks before it tells anybody anything: may they see it still, have they read it, and what does it say now.
import * as z from 'zod/mini';
import { Person } from '../http/accounts.ts';
import { Id, Seq, TimeMs } from '../ids.ts';
import { contract } from './contract.ts';

/** One person and one message. */
export const ToTellItem = z.object({ user: Id, room: Id, seq: Seq });
export type ToTellItem = z.infer<typeof ToTellItem>;

/** null: not theirs to see (no member, before their floor) or no such message, or it was deleted. Else what is so now. */
export const ToTell = z.nullable(z.object({ read: z.boolean(), muted: z.boolean(), author: Id, text: z.string(), time: TimeMs }));
export type ToTell = z.infer<typeof ToTell>;

/** Answered by one statement on the primary, in the order of the items. */
export const readToTell = contract('messages.toTell', z.object({ items: z.array(ToTellItem).check(z.maxLength(500)) }), z.object({ items: z.array(ToTell) }), {
  idempotent: true,
});

/** People by id or by handle; unknown ones are left out. */
export const findPeople = contract(
  'accounts.people',
  z.object({ ids: z.array(Id).check(z.maxLength(1_000)), handles: z.array(z.string()).check(z.maxLength(5_000)) }),
  z.object({ people: z.array(Person) }),
  { idempotent: true },
);
