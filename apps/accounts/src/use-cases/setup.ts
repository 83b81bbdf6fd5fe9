// The installation's door: what a sign-in page must know, who may register, invitations.
import type { Invitation, Setup } from '@parley/protocol';
import type { z } from 'zod/mini';
import { insertInvitation, readInstallation, setRegistration } from '../store/store-access.ts';
import type { Caller, Context } from './context.ts';
import { registrationOf } from './register.ts';

export async function readSetup(context: Context): Promise<Setup> {
  const installation = await readInstallation(context.database);
  return {
    owner: installation.hasOwner,
    registration: registrationOf(context, installation),
    setupCodeRequired: !installation.hasOwner && context.config.setupCode !== null,
  };
}

export async function changeSetup(context: Context, input: { registration: 'open' | 'invite' }): Promise<Setup> {
  await setRegistration(context.database, input.registration);
  return readSetup(context);
}

const WEEK_MS = 7 * 24 * 3_600_000;
const YEAR_MS = 366 * 24 * 3_600_000;

/** An invitation to register; the code is shown once. Default: one use, a week. At most a year. */
export async function makeInvitation(
  { database, rng, clock }: Context,
  caller: Caller,
  input: { uses?: number | undefined; expiresInMs?: number | undefined },
): Promise<z.infer<typeof Invitation>> {
  const code = rng.secret(15);
  const uses = input.uses ?? 1;
  const expiresAt = clock.now() + Math.min(input.expiresInMs ?? WEEK_MS, YEAR_MS);
  await insertInvitation(database, { code, uses, expiresAt, madeBy: caller.user });
  return { code, usesLeft: uses, expiresAt };
}
