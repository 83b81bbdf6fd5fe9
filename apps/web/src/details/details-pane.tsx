// The third pane: the people of the room, or the room's settings. Each has an address, so "back" works on a phone.
import { ArrowLeft, X } from 'lucide-react';
import { otherPerson, personName } from '../model/names.ts';
import type { RoomState } from '../model/shapes.ts';
import { useClient, useRoom } from '../state/client.tsx';
import { type Detail, go, goBack, pathTo } from '../state/router.ts';
import { Avatar } from '../ui/avatar.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { PeopleList } from './people-list.tsx';
import { RoomSettings } from './room-settings.tsx';

export function DetailsPane({ room: id, detail }: { room: string; detail: Detail }) {
  const room = useRoom(id);
  const me = useClient((state) => state.me?.user.id ?? '');
  const direct = room === undefined ? null : otherPerson(room, me);
  const title = direct !== null ? 'About' : detail === 'people' ? 'People' : 'Room settings';
  const tab = (to: Detail, label: string) => (
    <button type="button" className="tab" aria-current={detail === to ? 'page' : undefined} onClick={() => go(pathTo.detail(id, to), 'replace')}>
      {label}
    </button>
  );
  return (
    <aside className="pane-details" aria-label={title}>
      <div className="bar">
        <IconButton className="back" label="Back to the room" icon={ArrowLeft} size={20} onClick={() => goBack(pathTo.room(id))} />
        <h2>{title}</h2>
        <span className="grow" />
        <IconButton className="close-details" label="Close the pane" icon={X} onClick={() => go(pathTo.room(id), 'replace')} />
      </div>
      {direct === null && (
        <div className="tabs">
          {tab('people', 'People')}
          {tab('settings', 'Settings')}
        </div>
      )}
      {room !== undefined && (
        <div className="details-body scroll">
          {direct !== null && <AboutPerson id={direct} />}
          {direct === null && detail === 'people' ? <PeopleList room={room} /> : <SettingsOf room={room} />}
        </div>
      )}
    </aside>
  );
}

const SettingsOf = ({ room }: { room: RoomState }) => <RoomSettings room={room} key={room.id} />;

function AboutPerson({ id }: { id: string }) {
  const people = useClient((state) => state.people);
  const presence = useClient((state) => state.presence.get(id));
  const person = people.get(id);
  return (
    <div className="big-person">
      <Avatar id={id} name={personName(people, id)} />
      <h3>{personName(people, id)}</h3>
      <p className="aside">
        @{person?.handle} {presence !== undefined && `· ${presence}`} {person?.bot === true && '· bot'}
      </p>
    </div>
  );
}
