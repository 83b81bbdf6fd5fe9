// The links in letters: signed, so that whoever holds one needs no session, and good for one thing only.
import type { Clock } from '@parley/ports';
import { createLinkSigner } from './channels/signatures.ts';
import type { PeopleStore } from './store/store-people.ts';

export interface Links {
  confirmUrl(user: string, address: string): string;
  unsubscribeUrl(user: string): string;
  /** false: not our link, too old, or not their address any more. */
  confirm(token: string): Promise<boolean>;
  /** Whether the link is ours, without doing anything. */
  unsubscribes(token: string): boolean;
  unsubscribe(token: string): Promise<boolean>;
}

const CONFIRM_MS = 24 * 3_600_000;

export function createLinks(key: string, publicUrl: string, people: PeopleStore, clock: Clock): Links {
  const signer = createLinkSigner(key);
  const url = (path: string, token: string): string => `${publicUrl}/api/notifications/${path}?token=${encodeURIComponent(token)}`;
  const whoUnsubscribes = (token: string): string | null => (signer.check('unsubscribe', token) as { user: string } | null)?.user ?? null;
  return {
    confirmUrl: (user, address) => url('confirm', signer.sign('confirm', { user, address, until: clock.now() + CONFIRM_MS })),
    unsubscribeUrl: (user) => url('unsubscribe', signer.sign('unsubscribe', { user })),
    async confirm(token) {
      const asked = signer.check('confirm', token) as { user: string; address: string; until: number } | null;
      return asked !== null && asked.until >= clock.now() && people.confirmAddress(asked.user, asked.address);
    },
    unsubscribes: (token) => whoUnsubscribes(token) !== null,
    async unsubscribe(token) {
      const user = whoUnsubscribes(token);
      if (user === null) return false;
      await people.changePreferences(user, { mail: false });
      return true;
    },
  };
}
