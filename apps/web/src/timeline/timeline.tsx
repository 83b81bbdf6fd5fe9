// The timeline of one room: a virtual list that keeps its place when older pages come, follows its end, and is walked by keyboard.
import { ArrowDown, ArrowUp, X } from 'lucide-react';
import { useCallback, useMemo, useState } from 'react';
import type { MessageView } from '../model/message-view.ts';
import { unreadLabel } from '../model/room-list.ts';
import type { RoomState } from '../model/shapes.ts';
import { useRoomName } from '../room/room-pane.tsx';
import { useNow } from '../state/attention.ts';
import { useClient, useKnownPeople, useParley } from '../state/client.tsx';
import { go, pathTo } from '../state/router.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { say, sayProblem } from '../ui/toasts.tsx';
import { type MenuPlace, MessageMenu } from './message-menu.tsx';
import { type MessageActions, MessageRow } from './message-row.tsx';
import { DayLine, FreshLine, StartOfRoom, SystemLines, WaitingRows } from './other-rows.tsx';
import { useReading } from './reading.ts';
import { useTimelineData } from './timeline-data.ts';
import { useEscape, useTimelineKeys } from './timeline-keys.ts';
import { useTimelineScroll } from './timeline-scroll.ts';

interface TimelineProps {
  readonly room: RoomState;
  readonly seq: number | null;
  readonly editing: number | null;
  readonly onReply: (view: MessageView) => void;
  readonly onEdit: (view: MessageView) => void;
}

function useActions(props: TimelineProps, jump: (seq: number) => void, openMenu: (place: MenuPlace) => void): MessageActions {
  const parley = useParley();
  const { onReply, onEdit } = props;
  const { id } = props.room;
  return useMemo(() => {
    const handle = parley.room(id);
    // A refusal shows at the message, from the outbox.
    const quiet = (done: Promise<unknown>) => void done.catch(() => {});
    return {
      reply: onReply,
      edit: onEdit,
      jump,
      openMenu,
      toggle: (view, emoji) => {
        if (view.seq === null) return;
        const mine = view.reactions[emoji]?.includes(parley.state.me?.user.id ?? '') === true;
        quiet(mine ? handle.unreact(view.seq, emoji) : handle.react(view.seq, emoji));
      },
      remove: (view) => view.seq !== null && quiet(handle.delete(view.seq)),
      copyLink: (view) => {
        if (view.seq === null) return;
        navigator.clipboard.writeText(`${location.origin}${pathTo.message(id, view.seq)}`).then(() => say('Link copied.'), sayProblem);
      },
      copyText: (view) => void navigator.clipboard.writeText(view.text ?? '').then(() => say('Text copied.'), sayProblem),
      retry: (clientId) => parley.outbox.retry(clientId),
      drop: (clientId) => parley.outbox.drop(clientId),
    };
  }, [parley, id, onReply, onEdit, jump, openMenu]);
}

export function Timeline(props: TimelineProps) {
  const { room, seq, editing } = props;
  const name = useRoomName(room.id);
  const me = useClient((state) => state.me?.user.id ?? '');
  const now = useNow(60_000);
  // null: nothing is placed yet, so nothing is read and nothing floats.
  const [atEnd, setAtEnd] = useState<boolean | null>(null);
  const [menu, setMenu] = useState<MenuPlace | null>(null);
  const reading = useReading(room, atEnd === true && (seq === null || seq > room.from));
  const data = useTimelineData(room, seq, reading.readUpTo);
  const scroll = useTimelineScroll({ room, seq, data, onAtEnd: setAtEnd });
  const { jumpTo } = scroll;
  const jump = useCallback((to: number) => jumpTo(to) || go(pathTo.message(room.id, to)), [jumpTo, room.id]);
  const actions = useActions(props, jump, setMenu);
  const keys = useTimelineKeys({ rows: data.rows, scroll, actions, me, markUnread: reading.markUnread });
  useKnownPeople(
    useMemo(
      () => data.rows.flatMap((row) => (row.kind === 'message' ? [row.view.author] : row.kind === 'system' ? row.events.map((event) => event.author) : [])),
      [data.rows],
    ),
  );
  return (
    <div className="timeline-wrap">
      <div
        className="timeline scroll"
        ref={scroll.ref}
        role="log"
        aria-live="off"
        aria-label={`Messages in ${name}`}
        onKeyDown={keys.onKeyDown}
        onScroll={scroll.onScroll}
      >
        {room.summary === null && <WaitingRows />}
        <div className="timeline-pad">
          <div className="timeline-inner" style={{ height: scroll.height }}>
            <div className="timeline-block" style={{ top: scroll.top }}>
              {scroll.items.map((item) => {
                const row = data.rows[item.index];
                if (row === undefined) return null;
                return (
                  <div key={row.key} data-index={item.index} ref={scroll.measure}>
                    {row.day !== null && <DayLine time={row.day} now={now} />}
                    {row.fresh && <FreshLine />}
                    {row.kind === 'start' && <StartOfRoom room={room} name={name} />}
                    {row.kind === 'system' && <SystemLines events={row.events} />}
                    {row.kind === 'message' && (
                      <MessageRow
                        row={row}
                        room={room.id}
                        me={me}
                        quoted={row.view.replyTo === null ? undefined : data.bySeq.get(row.view.replyTo)}
                        actions={actions}
                        tabIndex={keys.active === row.key ? 0 : -1}
                        flash={scroll.flash === row.key}
                        editing={editing !== null && row.view.seq === editing}
                        menuOpen={menu?.view.key === row.key}
                        onFocus={keys.setActive}
                      />
                    )}
                  </div>
                );
              })}
            </div>
          </div>
        </div>
      </div>
      <Floats seq={seq} room={room} data={data} atEnd={atEnd} scroll={scroll} markRead={reading.markRead} jump={jump} readUpTo={reading.readUpTo} />
      {menu !== null && (
        <MessageMenu place={menu} me={me} role={room.summary?.role ?? 'member'} actions={actions} markUnread={reading.markUnread} onPlace={setMenu} />
      )}
    </div>
  );
}

interface FloatsProps {
  readonly seq: number | null;
  readonly room: RoomState;
  readonly data: ReturnType<typeof useTimelineData>;
  readonly atEnd: boolean | null;
  readonly scroll: ReturnType<typeof useTimelineScroll>;
  readonly markRead: () => void;
  readonly jump: (seq: number) => void;
  readonly readUpTo: number | null;
}

/** The two pills over the list: up to the first unread message, down to the newest. */
function Floats({ seq, room, data, atEnd, scroll, markRead, jump, readUpTo }: FloatsProps) {
  const { unread } = room.read;
  const fresh = data.rows.findIndex((row) => row.fresh);
  const firstShown = scroll.firstVisible;
  const above = unread > 0 && readUpTo !== null && !data.apart && fresh >= 0 && fresh < firstShown;
  const row = data.rows[fresh];
  const partly = readUpTo !== null && readUpTo < room.from && room.more;
  const toFirst = () => jump(partly || row?.kind !== 'message' || row.view.seq === null ? (readUpTo ?? 0) + 1 : row.view.seq);
  const toEnd = () => {
    if (data.apart || seq !== null) go(pathTo.room(room.id), 'replace');
    else scroll.toEnd();
  };
  useEscape(() => {
    markRead();
    toEnd();
  });
  return (
    <>
      {above && (
        <div className="float top">
          <button type="button" className="pill strong numbers" onClick={toFirst}>
            <ArrowUp size={16} aria-hidden="true" />
            {unreadLabel(unread)} new {unread === 1 ? 'message' : 'messages'}
          </button>
          <IconButton className="pill round" label="Mark as read" icon={X} onClick={markRead} />
        </div>
      )}
      {(atEnd === false || data.apart) && (
        <div className="float bottom">
          <button type="button" className={`pill numbers${unread > 0 ? ' strong' : ''}`} onClick={toEnd}>
            <ArrowDown size={16} aria-hidden="true" />
            {unread > 0 ? `${unreadLabel(unread)} new` : 'Jump to latest'}
          </button>
        </div>
      )}
    </>
  );
}
