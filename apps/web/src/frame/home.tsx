// No room is open: on a wide screen the last one opens by itself; else a word on what to do.
import { useEffect } from 'react';
import { roomOrder, roomSections } from '../model/room-list.ts';
import type { ClientState } from '../model/shapes.ts';
import { useClient } from '../state/client.tsx';
import { lastRoom } from '../state/last-room.ts';
import { go, pathTo, usePlace } from '../state/router.ts';
import { Mark } from '../ui/mark.tsx';

const WIDE = '(min-width: 721px)';

/** The room that was open last, else the first; null while none is known. */
function startRoom(state: ClientState): string | null {
  const order = roomOrder(roomSections(state));
  const last = lastRoom();
  return order.find((room) => room.id === last)?.id ?? order[0]?.id ?? null;
}

export function Home() {
  const place = usePlace();
  const none = useClient((state) => state.rooms.size === 0);
  const online = useClient((state) => state.status === 'online');
  const start = useClient(startRoom);
  useEffect(() => {
    if (start !== null && place.at === 'home' && matchMedia(WIDE).matches) go(pathTo.room(start), 'replace');
  }, [start, place.at]);
  if (!none || !online) return null;
  return (
    <div className="empty">
      <Mark size={44} />
      <h2>No rooms yet</h2>
      <p>Browse the channels, start a room of your own, or write to somebody: the plus signs are beside the lists.</p>
    </div>
  );
}
