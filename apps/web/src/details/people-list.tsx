// Who is in the room: presence, roles, adding and removing.
import { Menu } from '@base-ui/react/menu';
import { Ellipsis, UserPlus } from 'lucide-react';
import { useMemo, useState } from 'react';
import { personName } from '../model/names.ts';
import type { Member, RoomState } from '../model/shapes.ts';
import { useClient, useKnownPeople, useParley } from '../state/client.tsx';
import { go, pathTo } from '../state/router.ts';
import { PresentAvatar } from '../ui/avatar.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { sayProblem } from '../ui/toasts.tsx';
import { AddPeopleDialog } from './add-people-dialog.tsx';

/** More than this are found by typing. */
const SHOWN = 200;

export function PeopleList({ room }: { room: RoomState }) {
  const people = useClient((state) => state.people);
  const presence = useClient((state) => state.presence);
  const [query, setQuery] = useState('');
  const [adding, setAdding] = useState(false);
  const members = useMemo(() => [...(room.members?.values() ?? [])], [room.members]);
  useKnownPeople(useMemo(() => members.map((member) => member.user), [members]));
  const shown = useMemo(() => {
    const wanted = query.toLowerCase();
    const offline = (member: Member) => (presence.get(member.user) === 'online' ? 0 : 1);
    return members
      .filter((member) => wanted === '' || `${personName(people, member.user)} ${people.get(member.user)?.handle}`.toLowerCase().includes(wanted))
      .sort((a, b) => offline(a) - offline(b) || personName(people, a.user).localeCompare(personName(people, b.user)));
  }, [members, people, presence, query]);
  return (
    <>
      <div className="details-part">
        <button type="button" className="button" onClick={() => setAdding(true)}>
          <UserPlus size={16} aria-hidden="true" /> Add people
        </button>
        {members.length > 8 && (
          <input
            className="input"
            type="search"
            placeholder={`Find in ${members.length} people`}
            aria-label="Find people in this room"
            value={query}
            onChange={(event) => setQuery(event.target.value)}
          />
        )}
      </div>
      <ul className="people" aria-label="People in this room">
        {shown.slice(0, SHOWN).map((member) => (
          <MemberRow key={member.user} room={room} member={member} />
        ))}
      </ul>
      {shown.length > SHOWN && <p className="details-part aside">And {shown.length - SHOWN} more: type a name to find them.</p>}
      {adding && <AddPeopleDialog room={room} onClose={() => setAdding(false)} />}
    </>
  );
}

function MemberRow({ room, member }: { room: RoomState; member: Member }) {
  const me = useClient((state) => state.me?.user.id ?? '');
  const person = useClient((state) => state.people.get(member.user));
  const name = person?.name ?? '…';
  return (
    <li className="person-row">
      <PresentAvatar id={member.user} name={name} size={28} />
      <span className="who truncate">
        {name}
        {member.user === me && ' (you)'}
        <small>@{person?.handle ?? '…'}</small>
      </span>
      {person?.bot === true && <span className="tag">bot</span>}
      {member.role !== 'member' && <span className="tag">{member.role}</span>}
      {member.user !== me && <MemberMenu room={room} member={member} name={name} />}
    </li>
  );
}

function MemberMenu({ room, member, name }: { room: RoomState; member: Member; name: string }) {
  const parley = useParley();
  const mine = room.summary?.role ?? 'member';
  const handle = parley.room(room.id);
  const done = (change: Promise<unknown>) => change.catch(sayProblem);
  const mayRemove = mine === 'owner' || (mine === 'admin' && member.role === 'member');
  return (
    <Menu.Root>
      <Menu.Trigger render={<IconButton label={`More about ${name}`} icon={Ellipsis} />} />
      <Menu.Portal>
        <Menu.Positioner className="popup-layer" align="end" sideOffset={4}>
          <Menu.Popup className="menu">
            <Menu.Item className="menu-item" onClick={() => parley.openDirect(member.user).then((changed) => go(pathTo.room(changed.room)), sayProblem)}>
              Write to {name}
            </Menu.Item>
            {mine === 'owner' &&
              (['owner', 'admin', 'member'] as const)
                .filter((role) => role !== member.role)
                .map((role) => (
                  <Menu.Item className="menu-item" key={role} onClick={() => done(handle.setRole(member.user, role))}>
                    Make {role === 'member' ? 'a member' : `an ${role}`}
                  </Menu.Item>
                ))}
            {mayRemove && (
              <Menu.Item className="menu-item danger" onClick={() => done(handle.remove(member.user))}>
                Remove from room
              </Menu.Item>
            )}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
