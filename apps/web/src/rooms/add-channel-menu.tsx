// The plus beside "Channels": make one, or find one that is there.
import { Menu } from '@base-ui/react/menu';
import { Compass, Plus } from 'lucide-react';
import { IconButton } from '../ui/icon-button.tsx';

export function AddChannelMenu({ onCreate, onBrowse }: { onCreate: () => void; onBrowse: () => void }) {
  return (
    <Menu.Root>
      <Menu.Trigger render={<IconButton label="Add channels" icon={Plus} />} />
      <Menu.Portal>
        <Menu.Positioner className="popup-layer" align="start" sideOffset={4}>
          <Menu.Popup className="menu">
            <Menu.Item className="menu-item" onClick={onCreate}>
              <Plus size={16} aria-hidden="true" />
              Create a channel
            </Menu.Item>
            <Menu.Item className="menu-item" onClick={onBrowse}>
              <Compass size={16} aria-hidden="true" />
              Browse channels
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
