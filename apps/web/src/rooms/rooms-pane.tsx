// The pane of rooms: sections, unread, presence; where rooms are made, found and started; my own menu at the foot.
import { Hash, Keyboard, Lock, Plus, Search, Users } from 'lucide-react';
import { type ReactNode, useMemo, useState } from 'react';
import { otherPerson, roomName } from '../model/names.ts';
import { roomSections, unreadLabel } from '../model/room-list.ts';
import type { RoomState } from '../model/shapes.ts';
import { ProfileMenu } from '../settings/profile-menu.tsx';
import { useClient, useKnownPeople } from '../state/client.tsx';
import { go, pathTo } from '../state/router.ts';
import { MOD } from '../state/shortcuts.ts';
import { PresentAvatar } from '../ui/avatar.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { Mark } from '../ui/mark.tsx';
import { AddChannelMenu } from './add-channel-menu.tsx';
import { BrowseChannelsDialog } from './browse-channels-dialog.tsx';
import { CreateRoomDialog } from './create-room-dialog.tsx';
import { StartDirectDialog } from './start-direct-dialog.tsx';

type Open = 'channel' | 'group' | 'browse' | 'direct' | null;

interface RoomsPaneProps {
  readonly current: string | null;
  readonly onSwitcher: () => void;
  readonly onHelp: () => void;
}

export function RoomsPane({ current, onSwitcher, onHelp }: RoomsPaneProps) {
  const [open, setOpen] = useState<Open>(null);
  const rooms = useClient((state) => state.rooms);
  const people = useClient((state) => state.people);
  const me = useClient((state) => state.me);
  const sections = useMemo(() => roomSections({ rooms, people, me } as Parameters<typeof roomSections>[0]), [rooms, people, me]);
  useKnownPeople(useMemo(() => sections.direct.flatMap((room) => room.summary?.people ?? []), [sections]));
  const rows = (list: readonly RoomState[]) => list.map((room) => <RoomRow key={room.id} room={room} current={room.id === current} />);
  return (
    <nav className="pane-rooms" aria-label="Rooms">
      <div className="bar">
        <span className="brand">
          <Mark size={22} />
          Parley
        </span>
        <IconButton label="Keyboard help" icon={Keyboard} onClick={onHelp} />
      </div>
      <button type="button" className="find" onClick={onSwitcher}>
        <Search size={16} aria-hidden="true" />
        Go to…
        <kbd>{MOD} K</kbd>
      </button>
      <div className="room-list scroll">
        <Section title="Channels" action={<AddChannelMenu onCreate={() => setOpen('channel')} onBrowse={() => setOpen('browse')} />}>
          {rooms.size === 0 ? <WaitingRooms /> : rows(sections.channels)}
        </Section>
        <Section title="Groups" action={<IconButton label="New group" icon={Plus} onClick={() => setOpen('group')} />}>
          {rows(sections.groups)}
        </Section>
        <Section title="People" action={<IconButton label="New direct message" icon={Plus} onClick={() => setOpen('direct')} />}>
          {rows(sections.direct)}
        </Section>
      </div>
      <ProfileMenu onHelp={onHelp} />
      {(open === 'channel' || open === 'group') && <CreateRoomDialog kind={open} onClose={() => setOpen(null)} />}
      {open === 'browse' && <BrowseChannelsDialog onClose={() => setOpen(null)} />}
      {open === 'direct' && <StartDirectDialog onClose={() => setOpen(null)} />}
    </nav>
  );
}

function Section({ title, action, children }: { title: string; action: ReactNode; children: ReactNode }) {
  return (
    <section className="room-section" aria-label={title}>
      <div className="room-section-head">
        <h2>{title}</h2>
        {action}
      </div>
      {children}
    </section>
  );
}

const WAITING = ['w1', 'w2', 'w3'];
const WaitingRooms = () => (
  <div aria-hidden="true">
    {WAITING.map((key) => (
      <div className="room" key={key}>
        <span className="skeleton waiting-room" />
      </div>
    ))}
  </div>
);

function RoomRow({ room, current }: { room: RoomState; current: boolean }) {
  const me = useClient((state) => state.me?.user.id ?? '');
  const name = useClient((state) => roomName(room, state.people, me));
  const other = otherPerson(room, me);
  const { unread } = room.read;
  const Icon = room.summary?.kind === 'group' ? Users : room.summary?.visibility === 'private' ? Lock : Hash;
  return (
    <a
      href={pathTo.room(room.id)}
      className={`room${unread > 0 ? ' unread' : ''}${room.muted ? ' muted' : ''}`}
      aria-current={current ? 'page' : undefined}
      data-room={room.id}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        go(pathTo.room(room.id));
      }}
    >
      {other === null ? <Icon size={16} aria-hidden="true" /> : <PresentAvatar id={other} name={name} size={20} />}
      <span className="name truncate">{name}</span>
      {room.muted && <span className="only-heard">muted</span>}
      {unread > 0 && (
        <span className="count">
          {unreadLabel(unread)}
          <span className="only-heard"> unread</span>
        </span>
      )}
    </a>
  );
}
