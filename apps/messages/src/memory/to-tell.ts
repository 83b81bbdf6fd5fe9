// The same answers as store-to-tell.ts gives, from the store in memory.
import { type ReadStateValue, stateKey } from '@parley/protocol';
import type { Store } from '../store/store.ts';
import type { Tables } from './tables.ts';

export const createMemoryToTell = (tables: Tables): Pick<Store, 'toTell'> => ({
  toTell: async (items) =>
    items.map(({ user, room, seq }) => {
      const place = tables.memberOf(room, user);
      const message = tables.rooms.get(room)?.messages.get(seq);
      if (place === null || place.floor >= seq || message === undefined || message.deleted || message.text === null) return null;
      const { state } = tables.user(user);
      const read = (state.get(stateKey.read(room))?.value as ReadStateValue | null | undefined)?.seq ?? place.join_seq;
      const muted = (state.get(stateKey.mute(room))?.value as { muted?: boolean } | null | undefined)?.muted === true;
      return { author: message.author, text: message.text, time: message.time, read: read >= seq, muted };
    }),
});
