// The emoji button of the composer, and the panel that reactions use too. Panel and data are loaded when first opened.
import { Popover } from '@base-ui/react/popover';
import { Smile } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { IconButton } from '../ui/icon-button.tsx';

const Panel = lazy(() => import('./emoji-panel.tsx').then((module) => ({ default: module.EmojiPicking })));

export function EmojiPanel({ onPick }: { onPick: (emoji: string) => void }) {
  return (
    <div className="emoji-panel">
      <Suspense fallback={null}>
        <Panel onPick={onPick} />
      </Suspense>
    </div>
  );
}

export function EmojiButton({ onPick }: { onPick: (emoji: string) => void }) {
  const [open, setOpen] = useState(false);
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger render={<IconButton label="Emoji" icon={Smile} size={20} />} />
      <Popover.Portal>
        <Popover.Positioner className="popup-layer" side="top" align="start" sideOffset={8}>
          <Popover.Popup className="menu" aria-label="Emoji" finalFocus={false}>
            <EmojiPanel
              onPick={(emoji) => {
                setOpen(false);
                onPick(emoji);
              }}
            />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
