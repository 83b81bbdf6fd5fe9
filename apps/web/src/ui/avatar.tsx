// A person as a coloured tile of letters, with presence as a dot whose shape tells as much as its colour.
import { hueOf, initials } from '../model/names.ts';
import { useClient } from '../state/client.tsx';

interface AvatarProps {
  readonly id: string;
  readonly name: string;
  readonly size?: 20 | 28 | 36;
}

/** Decoration: the name stands beside it, so it is hidden from screen readers. */
export function Avatar({ id, name, size = 36 }: AvatarProps) {
  return (
    <span className={`avatar size-${size} hue-${hueOf(id)}`} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

export function PresentAvatar(props: AvatarProps) {
  const presence = useClient((state) => state.presence.get(props.id));
  return (
    <span className="with-presence">
      <Avatar {...props} />
      {presence !== undefined && <span className={`presence ${presence}`} role="img" aria-label={presence === 'online' ? 'online' : 'offline'} />}
    </span>
  );
}
