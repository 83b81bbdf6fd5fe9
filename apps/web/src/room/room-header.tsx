// The head of a room: what it is called, what it is about, who is in it.
import { ArrowLeft, BellOff, Hash, Info, Lock, Users } from 'lucide-react';
import { otherPerson, roomName } from '../model/names.ts';
import type { RoomState } from '../model/shapes.ts';
import { useLasting } from '../state/attention.ts';
import { useClient } from '../state/client.tsx';
import { type Detail, go, goBack, pathTo } from '../state/router.ts';
import { PresentAvatar } from '../ui/avatar.tsx';
import { IconButton } from '../ui/icon-button.tsx';

/** Who is behind for less is not told: it is over before it is read. */
const PATIENCE_MS = 1_000;

export function RoomHeader({ room, detail }: { room: RoomState; detail: Detail | null }) {
  const me = useClient((state) => state.me?.user.id ?? '');
  const name = useClient((state) => roomName(room, state.people, me));
  const other = otherPerson(room, me);
  const { summary } = room;
  const online = useClient((state) => state.status === 'online');
  const catching = useLasting(online && room.sync === 'catching', PATIENCE_MS);
  const Icon = summary?.kind === 'group' ? Users : summary?.visibility === 'private' ? Lock : Hash;
  const toggle = (to: Detail) => go(detail === to ? pathTo.room(room.id) : pathTo.detail(room.id, to), detail === null ? 'push' : 'replace');
  const members = room.members?.size ?? summary?.memberCount ?? 0;
  return (
    <header className="bar">
      <IconButton className="back" label="Back to rooms" icon={ArrowLeft} size={20} onClick={() => goBack(pathTo.home)} />
      <div className="bar-title">
        {other === null ? <Icon size={16} aria-hidden="true" /> : <PresentAvatar id={other} name={name} size={20} />}
        <h1 className="truncate">{name}</h1>
        {room.muted && <BellOff size={16} role="img" aria-label="muted" />}
      </div>
      {catching ? (
        <p className="topic catching truncate" role="status">
          Catching up…
        </p>
      ) : summary !== null && summary.topic !== '' ? (
        <p className="topic truncate" title={summary.topic}>
          {summary.topic}
        </p>
      ) : (
        <span className="grow" />
      )}
      {other === null && (
        <button
          type="button"
          className="icon-button with-count numbers"
          aria-pressed={detail === 'people'}
          aria-label={`People, ${members}`}
          title="People"
          onClick={() => toggle('people')}
        >
          <Users size={16} aria-hidden="true" />
          {members}
        </button>
      )}
      <IconButton label="Room details" icon={Info} aria-pressed={detail === 'settings'} onClick={() => toggle('settings')} />
    </header>
  );
}
