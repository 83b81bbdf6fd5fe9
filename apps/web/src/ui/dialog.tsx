// One way to show a dialog: a title, a body, closed by Escape, the cross or a click outside. Focus goes in and comes back.
import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { IconButton } from './icon-button.tsx';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly wide?: boolean;
}

export function Dialog({ title, onClose, children, wide = false }: DialogProps) {
  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="veil popup-layer" />
        <Base.Popup className={`dialog popup-layer${wide ? ' wide' : ''}`}>
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
