// My own menu at the foot of the rooms: theme, settings, invitation, sign out.
import { Menu } from '@base-ui/react/menu';
import { Check, ChevronsUpDown, Keyboard, LogOut, Monitor, Moon, Settings, Sun, UserPlus } from 'lucide-react';
import { useState } from 'react';
import { useClient, useParley } from '../state/client.tsx';
import { setTheme, type Theme, useTheme } from '../state/preferences.ts';
import { turnPushOff } from '../state/push.ts';
import { go, pathTo } from '../state/router.ts';
import { PresentAvatar } from '../ui/avatar.tsx';
import { sayProblem } from '../ui/toasts.tsx';
import { InviteDialog } from './invite-dialog.tsx';
import { SettingsDialog } from './settings-dialog.tsx';

const THEMES: readonly { readonly theme: Theme; readonly label: string; readonly icon: typeof Sun }[] = [
  { theme: 'system', label: 'Like the system', icon: Monitor },
  { theme: 'light', label: 'Light', icon: Sun },
  { theme: 'dark', label: 'Dark', icon: Moon },
];

export function ProfileMenu({ onHelp }: { onHelp: () => void }) {
  const parley = useParley();
  const me = useClient((state) => state.me);
  const [open, setOpen] = useState<'settings' | 'invite' | null>(null);
  if (me === null) return null;
  const signOut = () => {
    go(pathTo.home, 'replace');
    // First: it needs the session that ends.
    turnPushOff(parley)
      .catch(() => {})
      .then(() => parley.logout())
      .catch(sayProblem);
  };
  return (
    <>
      <Menu.Root>
        <Menu.Trigger className="me">
          <span className="only-heard">Your menu, </span>
          <PresentAvatar id={me.user.id} name={me.user.name} size={28} />
          <span className="who">
            <span className="truncate">{me.user.name}</span>
            <small>@{me.user.handle}</small>
          </span>
          <ChevronsUpDown size={16} aria-hidden="true" />
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner className="popup-layer" side="top" align="start" sideOffset={4}>
            <Menu.Popup className="menu me-menu">
              <ThemeItems />
              <div className="menu-line" />
              <Menu.Item className="menu-item" onClick={() => setOpen('settings')}>
                <Settings size={16} aria-hidden="true" /> Settings
              </Menu.Item>
              {me.role === 'owner' && (
                <Menu.Item className="menu-item" onClick={() => setOpen('invite')}>
                  <UserPlus size={16} aria-hidden="true" /> Invite people
                </Menu.Item>
              )}
              <Menu.Item className="menu-item" onClick={onHelp}>
                <Keyboard size={16} aria-hidden="true" /> Keyboard <kbd>?</kbd>
              </Menu.Item>
              <div className="menu-line" />
              <Menu.Item className="menu-item" onClick={signOut}>
                <LogOut size={16} aria-hidden="true" /> Sign out
              </Menu.Item>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      {open === 'settings' && <SettingsDialog onClose={() => setOpen(null)} />}
      {open === 'invite' && <InviteDialog onClose={() => setOpen(null)} />}
    </>
  );
}

function ThemeItems() {
  const parley = useParley();
  const theme = useTheme();
  return (
    <Menu.RadioGroup value={theme} onValueChange={(next: Theme) => setTheme(parley, next).catch(sayProblem)} aria-label="Theme">
      {THEMES.map(({ theme: value, label, icon: Icon }) => (
        <Menu.RadioItem key={value} value={value} className="menu-item" closeOnClick={false}>
          <Icon size={16} aria-hidden="true" />
          {label}
          <Menu.RadioItemIndicator className="menu-check">
            <Check size={16} aria-hidden="true" />
          </Menu.RadioItemIndicator>
        </Menu.RadioItem>
      ))}
    </Menu.RadioGroup>
  );
}
