// What an open picker offers, above the box. The focus stays in the box.
import { Hash } from 'lucide-react';
import { PresentAvatar } from '../ui/avatar.tsx';
import type { Picker } from './use-picker.ts';

const NAMES = { '@': 'People', '#': 'Rooms', ':': 'Emoji' } as const;

export function PickerList({ id, picker }: { id: string; picker: Picker }) {
  const kind = picker.open?.kind ?? '@';
  return (
    <div className="picker">
      <div role="listbox" id={id} aria-label={NAMES[kind]}>
        {picker.offers.map((offer, index) => (
          // The keyboard stays in the text box and drives the list from there.
          <div
            key={offer.id}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === picker.index}
            onPointerMove={() => picker.setIndex(index)}
            onPointerDown={(event) => {
              event.preventDefault();
              picker.pick(offer);
            }}
          >
            {kind === '@' && <PresentAvatar id={offer.id} name={offer.label} size={20} />}
            {kind === '#' && <Hash size={16} aria-hidden="true" />}
            {kind === ':' && <span className="glyph">{offer.insert}</span>}
            <span className="truncate">{kind === ':' ? `:${offer.label}:` : offer.label}</span>
            {kind === '@' && <small>@{offer.hint}</small>}
          </div>
        ))}
      </div>
    </div>
  );
}
