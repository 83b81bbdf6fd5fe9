// One way to show a dialog: a title, a body, closed by Escape, the cross or a click outside. Focus goes in and comes back.
import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { IconButton } from './icon-button.tsx';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly wide?: boolean;
}

/** Where the focus goes when a dialog closes: back, or to writing when the dialog led to another room. Call while the dialog is open. */
export function useFinalFocus(): () => HTMLElement | true {
  const [path] = useState(() => location.pathname);
  return () => (location.pathname === path ? true : (document.querySelector<HTMLElement>('.composer textarea') ?? true));
}

export function Dialog({ title, onClose, children, wide = false }: DialogProps) {
  const finalFocus = useFinalFocus();
  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="veil popup-layer" />
        <Base.Popup finalFocus={finalFocus} className={`dialog popup-layer${wide ? ' wide' : ''}`}>
          <div className="dialog-head">
            <Base.Title>{title}</Base.Title>
            <Base.Close render={<IconButton label="Close" icon={X} />} />
          </div>
          <div className="dialog-body scroll">{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
