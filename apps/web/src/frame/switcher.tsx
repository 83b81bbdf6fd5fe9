// Ctrl/Cmd-K: any room or person in three keystrokes. Rooms come from the state, people from the server as one types.
import { Dialog as Base } from '@base-ui/react/dialog';
import { Command } from 'cmdk';
import { Hash, Lock, Users } from 'lucide-react';
import { useEffect, useState } from 'react';
import { otherPerson, roomName } from '../model/names.ts';
import { roomOrder, roomSections, unreadLabel } from '../model/room-list.ts';
import type { Person, RoomState } from '../model/shapes.ts';
import { useClient, useParley } from '../state/client.tsx';
import { go, pathTo } from '../state/router.ts';
import { Avatar, PresentAvatar } from '../ui/avatar.tsx';
import { useFinalFocus } from '../ui/dialog.tsx';
import { sayProblem } from '../ui/toasts.tsx';

const TYPING_MS = 120;

function usePeopleFound(query: string): readonly Person[] {
  const parley = useParley();
  const [found, setFound] = useState<readonly Person[]>([]);
  useEffect(() => {
    if (query.trim() === '') return setFound([]);
    let current = true;
    const timer = setTimeout(() => {
      parley.people.search(query.trim()).then(
        (people) => current && setFound(people),
        () => {},
      );
    }, TYPING_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [parley, query]);
  return found;
}

function RoomItem({ room, onSelect }: { room: RoomState; onSelect: () => void }) {
  const people = useClient((state) => state.people);
  const me = useClient((state) => state.me?.user.id ?? '');
  const name = roomName(room, people, me);
  const other = otherPerson(room, me);
  const Icon = room.summary?.kind === 'group' ? Users : room.summary?.visibility === 'private' ? Lock : Hash;
  return (
    <Command.Item value={`${name} ${room.id}`} keywords={[name]} onSelect={onSelect}>
      {other === null ? <Icon size={16} aria-hidden="true" /> : <PresentAvatar id={other} name={name} size={20} />}
      <span className="truncate">{name}</span>
      {room.read.unread > 0 && !room.muted && <span className="count">{unreadLabel(room.read.unread)}</span>}
    </Command.Item>
  );
}

export function Switcher({ onClose }: { onClose: () => void }) {
  const parley = useParley();
  const finalFocus = useFinalFocus();
  const [query, setQuery] = useState('');
  const found = usePeopleFound(query);
  const me = parley.state.me?.user.id ?? '';
  const rooms = roomOrder(roomSections(parley.state));
  const unreadFirst = [...rooms].sort((a, b) => Number(b.read.unread > 0 && !b.muted) - Number(a.read.unread > 0 && !a.muted));
  const known = new Set(rooms.map((room) => otherPerson(room, me)));
  const open = (room: string) => {
    onClose();
    go(pathTo.room(room));
  };
  const write = (person: Person) => {
    onClose();
    parley.openDirect(person.id).then((changed) => go(pathTo.room(changed.room)), sayProblem);
  };
  return (
    <Base.Root open onOpenChange={(now) => !now && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="veil popup-layer" />
        <Base.Popup finalFocus={finalFocus} className="dialog wide switcher popup-layer" aria-label="Go to a room or person">
          <Command label="Go to a room or person" loop>
            <Command.Input value={query} onValueChange={setQuery} placeholder="Go to a room or person…" autoFocus />
            <Command.List>
              <Command.Empty>Nothing has that name.</Command.Empty>
              {unreadFirst.map((room) => (
                <RoomItem key={room.id} room={room} onSelect={() => open(room.id)} />
              ))}
              {found
                .filter((person) => !known.has(person.id) && person.id !== me)
                .map((person) => (
                  <Command.Item key={person.id} value={`${person.name} ${person.id}`} keywords={[person.handle]} onSelect={() => write(person)}>
                    <Avatar id={person.id} name={person.name} size={20} />
                    <span className="truncate">{person.name}</span>
                    <small>@{person.handle}</small>
                  </Command.Item>
                ))}
            </Command.List>
          </Command>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
