// Public channels: find one, see what it is about, join it.
import { Hash } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { PublicRoom } from '../model/shapes.ts';
import { useParley } from '../state/client.tsx';
import { go, pathTo } from '../state/router.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Field, ProblemNote } from '../ui/field.tsx';

const TYPING_MS = 150;

export function BrowseChannelsDialog({ onClose }: { onClose: () => void }) {
  const parley = useParley();
  const [query, setQuery] = useState('');
  const [found, setFound] = useState<readonly PublicRoom[] | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => {
    let current = true;
    const timer = setTimeout(() => {
      parley.publicRooms(query.trim()).then(
        (rooms) => current && setFound(rooms),
        (error) => current && setProblem(error),
      );
    }, TYPING_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [parley, query]);
  const show = (room: PublicRoom) => {
    const opened = () => {
      onClose();
      go(pathTo.room(room.room));
    };
    if (room.joined) opened();
    else parley.room(room.room).join().then(opened, setProblem);
  };
  return (
    <Dialog title="Browse channels" onClose={onClose} wide>
      <Field
        label="Find a channel"
        type="search"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        placeholder="Name"
        autoFocus
        autoComplete="off"
      />
      <ProblemNote problem={problem} />
      <ul className="people" aria-label="Channels found">
        {found?.map((room) => (
          <li className="person-row" key={room.room}>
            <Hash size={16} aria-hidden="true" />
            <span className="who truncate">
              {room.name}
              <small className="truncate">
                {room.members} {room.members === 1 ? 'member' : 'members'}
                {room.topic !== '' && ` · ${room.topic}`}
              </small>
            </span>
            <button
              type="button"
              className={`button small${room.joined ? '' : ' primary'}`}
              onClick={() => show(room)}
              aria-label={`${room.joined ? 'Open' : 'Join'} ${room.name}`}
            >
              {room.joined ? 'Open' : 'Join'}
            </button>
          </li>
        ))}
      </ul>
      {found?.length === 0 && <p className="aside">No public channel has that name.</p>}
    </Dialog>
  );
}
