// One message. Drawn again only when its own parts change; actions appear over it and move nothing.
import { Ellipsis, Pencil, Reply, SmilePlus } from 'lucide-react';
import { type MouseEvent, memo, type PointerEvent, useRef } from 'react';
import { MessageFiles } from '../files/message-files.tsx';
import type { MessageView } from '../model/message-view.ts';
import type { MessageRow as Row } from '../model/timeline-rows.ts';
import { clockTime, fullTime } from '../model/times.ts';
import { useClient } from '../state/client.tsx';
import { Avatar } from '../ui/avatar.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import type { MenuPlace } from './message-menu.tsx';
import { Failed, Quote, Reactions, SendState } from './message-parts.tsx';
import { MessageWords } from './message-words.tsx';

export interface MessageActions {
  readonly reply: (view: MessageView) => void;
  readonly edit: (view: MessageView) => void;
  readonly jump: (seq: number) => void;
  readonly openMenu: (place: MenuPlace) => void;
  readonly toggle: (view: MessageView, emoji: string) => void;
  readonly remove: (view: MessageView) => void;
  readonly copyLink: (view: MessageView) => void;
  readonly copyText: (view: MessageView) => void;
  readonly retry: (clientId: string) => void;
  readonly drop: (clientId: string) => void;
}

export interface MessageRowProps {
  readonly row: Row;
  readonly room: string;
  readonly me: string;
  /** The message that this one answers, when it is loaded. */
  readonly quoted: MessageView | undefined;
  readonly actions: MessageActions;
  readonly tabIndex: 0 | -1;
  readonly flash: boolean;
  readonly editing: boolean;
  readonly menuOpen: boolean;
  readonly onFocus: (key: string) => void;
}

const LONG_PRESS_MS = 450;

/** A long press opens the menu where there is no mouse to hover with. */
function useLongPress(view: MessageView, openMenu: MessageActions['openMenu']) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const cancel = () => clearTimeout(timer.current);
  return {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.pointerType === 'mouse') return;
      const anchor = event.currentTarget;
      timer.current = setTimeout(() => openMenu({ kind: 'menu', view, anchor }), LONG_PRESS_MS);
    },
    onPointerUp: cancel,
    onPointerMove: cancel,
    onPointerCancel: cancel,
    onContextMenu: (event: MouseEvent<HTMLElement>) => {
      // The context-menu key; a right click keeps the browser's own menu, for links and selected text.
      const byKey = event.target === event.currentTarget && document.activeElement === event.currentTarget && event.button === 0;
      const byTouch = event.nativeEvent instanceof window.PointerEvent && event.nativeEvent.pointerType === 'touch';
      if (byTouch || byKey) event.preventDefault();
      if (byKey && !byTouch) openMenu({ kind: 'menu', view, anchor: event.currentTarget });
    },
  };
}

function classes({ row, flash, editing, menuOpen }: MessageRowProps): string {
  return ['message', row.head && 'head', flash && 'flash', editing && 'editing', menuOpen && 'menu-open'].filter(Boolean).join(' ');
}

export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { row, room, me, quoted, actions, tabIndex, onFocus } = props;
  const { view, head } = row;
  const author = useClient((state) => state.people.get(view.author));
  const name = author?.name ?? '…';
  const press = useLongPress(view, actions.openMenu);
  const failed = view.pending?.state === 'failed';
  return (
    <article
      className={classes(props)}
      aria-label={`${name}, ${clockTime(view.time)}`}
      tabIndex={tabIndex}
      data-key={view.key}
      data-seq={view.seq ?? undefined}
      data-testid="message"
      data-state={view.pending?.state ?? 'committed'}
      onFocus={() => onFocus(view.key)}
      {...press}
    >
      {head ? <Avatar id={view.author} name={name} /> : <time className="when-aside numbers">{clockTime(view.time)}</time>}
      <div>
        {head && (
          <div className="by">
            <span className="author truncate">{name}</span>
            {author?.bot === true && <span className="tag">bot</span>}
            <time className="numbers" dateTime={new Date(view.time).toISOString()} title={fullTime(view.time)}>
              {clockTime(view.time)}
            </time>
          </div>
        )}
        {view.replyTo !== null && <Quote room={room} seq={view.replyTo} view={quoted} onJump={actions.jump} />}
        {view.deleted ? (
          <p className="gone">This message was deleted.</p>
        ) : (
          <>
            {(view.text !== '' || view.pending !== null) && (
              <MessageWords text={view.text ?? ''} waiting={view.seq === null}>
                {view.edited && <span className="aside"> (edited)</span>}
                {view.pending !== null && !failed && <SendState pending={view.pending} />}
              </MessageWords>
            )}
            <MessageFiles files={view.attachments} tabIndex={tabIndex} />
          </>
        )}
        {failed && view.pending !== null && <Failed pending={view.pending} actions={actions} />}
        <Reactions view={view} me={me} actions={actions} />
      </div>
      {view.seq !== null && !view.deleted && <Actions {...props} mine={view.author === me} />}
    </article>
  );
});

function Actions({ row: { view }, actions, tabIndex, mine }: MessageRowProps & { mine: boolean }) {
  const open = (kind: MenuPlace['kind']) => (event: MouseEvent<HTMLElement>) => actions.openMenu({ kind, view, anchor: event.currentTarget });
  return (
    <div className="actions">
      <IconButton tabIndex={tabIndex} label="React" icon={SmilePlus} onClick={open('react')} />
      <IconButton tabIndex={tabIndex} label="Reply" icon={Reply} onClick={() => actions.reply(view)} />
      {mine && <IconButton tabIndex={tabIndex} label="Edit message" icon={Pencil} onClick={() => actions.edit(view)} />}
      <IconButton tabIndex={tabIndex} label="More" icon={Ellipsis} aria-haspopup="menu" onClick={open('menu')} />
    </div>
  );
}
