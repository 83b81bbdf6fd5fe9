// A button that is only an icon: always with a name for those who cannot see it.
import type { LucideIcon } from 'lucide-react';
import type { ComponentProps } from 'react';

interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children'> {
  readonly label: string;
  readonly icon: LucideIcon;
  readonly size?: number;
}

export function IconButton({ label, icon: Icon, size = 16, className = '', ...rest }: IconButtonProps) {
  return (
    <button type="button" title={label} {...rest} className={`icon-button ${className}`} aria-label={label}>
      <Icon size={size} aria-hidden="true" />
    </button>
  );
}
