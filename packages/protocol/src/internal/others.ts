// What services ask of accounts and rooms.
import * as z from 'zod/mini';
import { LoadKey, Setup } from '../http/accounts.ts';
import { Id } from '../ids.ts';
import { contract } from './contract.ts';

/** Public keys for access tokens, as a JWKS. */
export const readJwks = contract('accounts.jwks', z.object({}), z.object({ keys: z.array(z.looseObject({ kid: z.string() })) }));
/** Which of these people exist. */
export const knownPeople = contract('accounts.known', z.object({ ids: z.array(Id) }), z.object({ ids: z.array(Id) }));
/** The room's last mver that messages has not applied is sent again from `after` + 1 (asked for at a gap). */
export const resendChanges = contract('rooms.resend', z.object({ room: Id, after: z.int() }), z.object({}));
/** What a sign-in page sees, for the one who starts the process: is there an owner yet? */
export const readSetup = contract('accounts.setup', z.object({}), Setup);
/** A load key made by who runs the machine, as the owner makes one over HTTP. The key is shown once. */
export const makeLoadKey = contract('accounts.makeLoadKey', z.object({}), LoadKey);
