// The keys, as one list.
import { Fragment } from 'react';
import { SHORTCUTS } from '../state/shortcuts.ts';
import { Dialog } from '../ui/dialog.tsx';

export function HelpDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl className="keys">
        {SHORTCUTS.map((shortcut) => (
          <Fragment key={shortcut.words}>
            <dt>{shortcut.words}</dt>
            <dd>
              {shortcut.keys.map((key) => (
                <kbd className="key" key={key}>
                  {key}
                </kbd>
              ))}
            </dd>
          </Fragment>
        ))}
      </dl>
    </Dialog>
  );
}
