// The three panes and what is around them: the connection bar, the switcher, the help, the keys that work everywhere.
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import { DetailsPane } from '../details/details-pane.tsx';
import { roomTitle } from '../model/names.ts';
import { nextUnread, pageTitle, roomOrder, roomSections, totalUnread } from '../model/room-list.ts';
import { RoomPane } from '../room/room-pane.tsx';
import { RoomsPane } from '../rooms/rooms-pane.tsx';
import { useClient, useParley } from '../state/client.tsx';
import { followNotifications, keepPush } from '../state/push.ts';
import { go, pathTo, usePlace } from '../state/router.ts';
import { useShortcuts } from '../state/shortcuts.ts';
import { say, sayProblem } from '../ui/toasts.tsx';
import { ConnectionBar } from './connection-bar.tsx';
import { Home } from './home.tsx';
import { usePresenceWatch } from './presence-watch.ts';

const HelpDialog = lazy(() => import('./help-dialog.tsx').then((module) => ({ default: module.HelpDialog })));
const Switcher = lazy(() => import('./switcher.tsx').then((module) => ({ default: module.Switcher })));

/** A link into a room is used at once; then the room is shown. */
function useInvitation(): void {
  const parley = useParley();
  const place = usePlace();
  const online = useClient((state) => state.status === 'online');
  const code = place.at === 'join' ? place.code : null;
  useEffect(() => {
    if (place.at === 'invited') go(pathTo.home, 'replace');
    if (code === null || !online) return;
    parley.acceptInvitation(code).then(
      (changed) => go(pathTo.room(changed.room), 'replace'),
      (problem) => {
        sayProblem(problem);
        go(pathTo.home, 'replace');
      },
    );
  }, [parley, place.at, code, online]);
}

function useTitle(room: string | null): void {
  const unread = useClient((state) => totalUnread(state.rooms.values()));
  const name = useClient((state) => {
    const open = room === null ? undefined : state.rooms.get(room);
    return open === undefined ? null : roomTitle(open, state.people, state.me?.user.id ?? '');
  });
  useEffect(() => {
    document.title = pageTitle(unread, name);
  }, [unread, name]);
}

export function Frame() {
  const parley = useParley();
  const place = usePlace();
  const [over, setOver] = useState<'switcher' | 'help' | null>(null);
  const room = place.at === 'room' ? place.room : null;
  const detail = place.at === 'room' ? place.detail : null;
  useInvitation();
  useTitle(room);
  usePresenceWatch(room);
  const actions = useMemo(
    () => ({
      switcher: () => setOver((now) => (now === 'switcher' ? null : 'switcher')),
      help: () => setOver('help'),
      walkUnread: (step: 1 | -1) => {
        const next = nextUnread(roomOrder(roomSections(parley.state)), room, step);
        if (next === null) say('Nothing is unread.');
        else go(pathTo.room(next));
      },
    }),
    [parley, room],
  );
  useShortcuts(actions);
  useEffect(() => {
    keepPush(parley).catch(() => {});
    return followNotifications();
  }, [parley]);
  useEffect(() => parley.on('gone', (gone) => gone.room === room && go(pathTo.home, 'replace')), [parley, room]);
  return (
    <div className={`frame${room === null ? ' at-home' : ''}${detail === null ? '' : ' with-details'}`}>
      <RoomsPane current={room} onSwitcher={actions.switcher} onHelp={actions.help} />
      <main className="pane-main">
        <ConnectionBar />
        {room === null ? <Home /> : <RoomPane key={room} room={room} seq={place.at === 'room' ? place.seq : null} detail={detail} />}
      </main>
      {room !== null && detail !== null && <DetailsPane key={room} room={room} detail={detail} />}
      <Suspense>
        {over === 'switcher' && <Switcher onClose={() => setOver(null)} />}
        {over === 'help' && <HelpDialog onClose={() => setOver(null)} />}
      </Suspense>
    </div>
  );
}
