// What services ask of accounts and rooms.
import * as z from 'zod/mini';
import { ImportPeople, LoadKey, People, Setup } from '../http/accounts.ts';
import { Imported, ImportMessages } from '../http/messages.ts';
import { Id } from '../ids.ts';
import { contract } from './contract.ts';

/** Public keys for access tokens, as a JWKS. */
export const readJwks = contract('accounts.jwks', z.object({}), z.object({ keys: z.array(z.looseObject({ kid: z.string() })) }), { idempotent: true });
/** Which of these people exist. */
export const knownPeople = contract('accounts.known', z.object({ ids: z.array(Id) }), z.object({ ids: z.array(Id) }), { idempotent: true });
/** The room's last mver that messages has not applied is sent again from `after` + 1 (asked for at a gap). */
export const resendChanges = contract('rooms.resend', z.object({ room: Id, after: z.int() }), z.object({}), { idempotent: true });
/** What a sign-in page sees, for the one who starts the process: is there an owner yet? */
export const readSetup = contract('accounts.setup', z.object({}), Setup, { idempotent: true });
/** A load key made by who runs the machine, as the owner makes one over HTTP. The key is shown once. */
export const makeLoadKey = contract('accounts.makeLoadKey', z.object({}), LoadKey);
/** People of another system, made or already there, in the order given. They cannot sign in. */
export const bringPeople = contract('accounts.bring', ImportPeople, People, { idempotent: true });
/** Messages of another system through the log. Asked again, it appends only what has no result; `pending`: no result within the deadline. */
export const importMessages = contract('messages.import', z.object({ room: Id, ...ImportMessages.shape }), Imported, { deadlineMs: 10_000, idempotent: true });
