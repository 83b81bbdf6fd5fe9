// No room is open: on a wide screen the last one opens by itself; else a word on what to do.
import { useEffect } from 'react';
import { roomOrder, roomSections } from '../model/room-list.ts';
import { useClient, useParley } from '../state/client.tsx';
import { lastRoom } from '../state/last-room.ts';
import { go, pathTo, usePlace } from '../state/router.ts';
import { Mark } from '../ui/mark.tsx';

const WIDE = '(min-width: 721px)';

export function Home() {
  const parley = useParley();
  const place = usePlace();
  const none = useClient((state) => state.rooms.size === 0);
  const online = useClient((state) => state.status === 'online');
  useEffect(() => {
    if (none || place.at !== 'home' || !matchMedia(WIDE).matches) return;
    const order = roomOrder(roomSections(parley.state));
    const room = order.find((one) => one.id === lastRoom()) ?? order[0];
    if (room !== undefined) go(pathTo.room(room.id), 'replace');
  });
  if (!none || !online) return null;
  return (
    <div className="empty">
      <Mark size={44} />
      <h2>No rooms yet</h2>
      <p>Browse the channels, start a room of your own, or write to somebody: the plus signs are beside the lists.</p>
    </div>
  );
}
