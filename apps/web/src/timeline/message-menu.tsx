// The one menu and the one emoji panel of the timeline, opened at whichever message asks for them.
import { Menu } from '@base-ui/react/menu';
import { Popover } from '@base-ui/react/popover';
import { Copy, Link2, MailOpen, Pencil, Reply, SmilePlus, Trash2 } from 'lucide-react';
import { type ReactNode, useRef } from 'react';
import { EmojiPanel } from '../composer/emoji-button.tsx';
import { oneLine } from '../model/message-text.ts';
import type { MessageView } from '../model/message-view.ts';
import type { Role } from '../model/shapes.ts';
import { Dialog } from '../ui/dialog.tsx';
import type { MessageActions } from './message-row.tsx';

export interface MenuPlace {
  readonly kind: 'menu' | 'react' | 'delete';
  readonly view: MessageView;
  readonly anchor: HTMLElement;
}

interface MessageMenuProps {
  readonly place: MenuPlace;
  readonly me: string;
  readonly role: Role;
  readonly actions: MessageActions;
  readonly markUnread: (seq: number) => void;
  readonly onPlace: (place: MenuPlace | null) => void;
}

const QUICK = ['👍', '❤️', '😂', '🎉', '👀', '🙏'];

/** A whole row is too wide to open beside: its actions are, or on a touch screen its words. */
function besides(anchor: HTMLElement): HTMLElement {
  if (anchor.dataset.key === undefined) return anchor;
  const actions = anchor.querySelector<HTMLElement>('.actions');
  return actions !== null && actions.offsetWidth > 0 ? actions : (anchor.querySelector<HTMLElement>('.words') ?? anchor);
}

const rowOf = (anchor: HTMLElement): HTMLElement => anchor.closest<HTMLElement>('[data-key]') ?? anchor;

export function MessageMenu(props: MessageMenuProps) {
  const { place, actions, onPlace } = props;
  if (place.kind === 'delete') return <DeleteDialog {...props} />;
  if (place.kind === 'menu') return <ActionsMenu {...props} />;
  return (
    <Popover.Root open onOpenChange={(open) => !open && onPlace(null)}>
      <Popover.Portal>
        <Popover.Positioner className="popup-layer" anchor={besides(place.anchor)} side="top" align="end" sideOffset={6}>
          <Popover.Popup className="menu" aria-label="Pick a reaction">
            <EmojiPanel
              onPick={(emoji) => {
                actions.toggle(place.view, emoji);
                onPlace(null);
              }}
            />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Item({ icon, label, hint, danger = false, onClick }: { icon: ReactNode; label: string; hint?: string; danger?: boolean; onClick: () => void }) {
  return (
    <Menu.Item className={`menu-item${danger ? ' danger' : ''}`} aria-keyshortcuts={hint} onClick={onClick}>
      {icon}
      {label}
      {hint !== undefined && (
        <span className="hint-key" aria-hidden="true">
          {hint}
        </span>
      )}
    </Menu.Item>
  );
}

function ActionsMenu({ place, me, role, actions, markUnread, onPlace }: MessageMenuProps) {
  const { view, anchor } = place;
  // What opens next to the message waits until the menu is gone, so that the focus is not fought over.
  const next = useRef<MenuPlace | null>(null);
  const mine = view.author === me;
  const closed = (open: boolean) => !open && onPlace(next.current);
  const after = (kind: MenuPlace['kind']) => () => {
    next.current = { kind, view, anchor };
  };
  return (
    <Menu.Root open onOpenChange={closed} modal={false}>
      <Menu.Portal container={anchor.closest('main')}>
        <Menu.Positioner className="popup-layer" anchor={besides(anchor)} side="bottom" align="end" sideOffset={4}>
          <Menu.Popup className="menu message-menu" finalFocus={() => (next.current === null ? rowOf(anchor) : false)}>
            {view.seq !== null && !view.deleted && (
              <>
                <div className="quick">
                  {QUICK.map((emoji) => (
                    <Menu.Item key={emoji} className="menu-item quick-one" aria-label={`React with ${emoji}`} onClick={() => actions.toggle(view, emoji)}>
                      {emoji}
                    </Menu.Item>
                  ))}
                </div>
                <Item icon={<SmilePlus size={16} />} label="React" hint="+" onClick={after('react')} />
                <Item icon={<Reply size={16} />} label="Reply" hint="R" onClick={() => actions.reply(view)} />
                {mine && <Item icon={<Pencil size={16} />} label="Edit message" hint="E" onClick={() => actions.edit(view)} />}
                <div className="menu-line" />
                <Item icon={<Copy size={16} />} label="Copy text" onClick={() => actions.copyText(view)} />
                <Item icon={<Link2 size={16} />} label="Copy link" onClick={() => actions.copyLink(view)} />
                <Item icon={<MailOpen size={16} />} label="Mark unread from here" hint="U" onClick={() => view.seq !== null && markUnread(view.seq)} />
              </>
            )}
            {view.seq === null && <Item icon={<Copy size={16} />} label="Copy text" onClick={() => actions.copyText(view)} />}
            {view.seq !== null && !view.deleted && (mine || role !== 'member') && (
              <>
                <div className="menu-line" />
                <Item icon={<Trash2 size={16} />} label="Delete message" danger onClick={after('delete')} />
              </>
            )}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function DeleteDialog({ place, actions, onPlace }: MessageMenuProps) {
  const close = () => onPlace(null);
  return (
    <Dialog title="Delete this message?" onClose={close}>
      <p className="lead">It disappears for everybody, and cannot be brought back.</p>
      <p className="quote">
        <span className="truncate">{oneLine(place.view.text ?? '')}</span>
      </p>
      <div className="dialog-foot">
        <button type="button" className="button" onClick={close}>
          Cancel
        </button>
        <button
          type="button"
          className="button primary"
          onClick={() => {
            actions.remove(place.view);
            close();
          }}
        >
          Delete
        </button>
      </div>
    </Dialog>
  );
}
