// The pickers while writing: @ people of the room, # rooms, : emoji. Keys go to the open picker first.
import { type KeyboardEvent, type RefObject, useCallback, useEffect, useMemo, useState } from 'react';
import { choose, filterOffers, type Offer, openPicker, type PickerQuery } from '../model/pickers.ts';
import type { RoomState } from '../model/shapes.ts';
import { useClient, useKnownPeople } from '../state/client.tsx';

interface PickerInput {
  readonly room: RoomState;
  readonly box: RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  readonly setText: (text: string) => void;
}

export interface Picker {
  readonly open: PickerQuery | null;
  readonly offers: readonly Offer[];
  readonly index: number;
  readonly setIndex: (index: number) => void;
  readonly pick: (offer: Offer) => void;
}

let emojiOffers: readonly Offer[] | null = null;

async function loadEmoji(): Promise<readonly Offer[]> {
  const { default: data } = await import('virtual:parley-emoji');
  emojiOffers ??= data.emojis.map((emoji) => ({ id: emoji.emoji, insert: emoji.emoji, label: emoji.aliases?.[0] ?? emoji.label, hint: emoji.label }));
  return emojiOffers;
}

function useOffers(room: RoomState, open: PickerQuery | null): readonly Offer[] {
  const people = useClient((state) => state.people);
  const rooms = useClient((state) => state.rooms);
  const [emoji, setEmoji] = useState<readonly Offer[]>(emojiOffers ?? []);
  const kind = open?.kind ?? null;
  const members = useMemo(() => (kind === '@' ? [...(room.members?.keys() ?? [])] : []), [kind, room.members]);
  useKnownPeople(members);
  useEffect(() => {
    if (kind === ':') loadEmoji().then(setEmoji, () => {});
  }, [kind]);
  return useMemo(() => {
    if (kind === ':') return emoji;
    if (kind === '@')
      return members.flatMap((id) => {
        const person = people.get(id);
        return person === undefined ? [] : [{ id, insert: `@${person.handle}`, label: person.name, hint: person.handle }];
      });
    if (kind === '#')
      return [...rooms.values()].flatMap((one) =>
        one.summary?.kind === 'channel' ? [{ id: one.id, insert: `#${one.summary.name}`, label: one.summary.name ?? '', hint: '' }] : [],
      );
    return [];
  }, [kind, emoji, members, people, rooms]);
}

export function usePicker({ room, box, text, setText }: PickerInput) {
  const [open, setOpen] = useState<PickerQuery | null>(null);
  const [index, setIndex] = useState(0);
  const all = useOffers(room, open);
  const offers = useMemo(() => (open === null ? [] : filterOffers(all, open.query)), [all, open]);
  const shown = open !== null && offers.length > 0 ? open : null;
  const close = useCallback(() => setOpen(null), []);
  const look = useCallback((element: HTMLTextAreaElement) => {
    const next = element.selectionStart === element.selectionEnd ? openPicker(element.value, element.selectionStart) : null;
    setOpen((known) => {
      if (known?.start === next?.start && known?.query === next?.query) return known;
      setIndex(0);
      return next;
    });
  }, []);
  const put = (next: { readonly text: string; readonly caret: number }) => {
    setText(next.text);
    close();
    requestAnimationFrame(() => {
      box.current?.focus({ preventScroll: true });
      box.current?.setSelectionRange(next.caret, next.caret);
    });
  };
  const pick = (offer: Offer) => shown !== null && put(choose(text, shown, offer.insert));
  const insert = (words: string) => {
    const [start, end] = [box.current?.selectionStart ?? text.length, box.current?.selectionEnd ?? text.length];
    put({ text: text.slice(0, start) + words + text.slice(end), caret: start + words.length });
  };
  const keyAction = (pressed: string): (() => void) | null => {
    const offer = offers[index];
    if (pressed === 'ArrowDown') return () => setIndex((index + 1) % offers.length);
    if (pressed === 'ArrowUp') return () => setIndex((index + offers.length - 1) % offers.length);
    if (pressed === 'Escape') return close;
    if ((pressed === 'Enter' || pressed === 'Tab') && offer !== undefined) return () => pick(offer);
    return null;
  };
  const onKeyDown = (event: KeyboardEvent): boolean => {
    if (shown === null) return false;
    const found = keyAction(event.key);
    if (found === null || event.shiftKey) return false;
    event.preventDefault();
    event.stopPropagation();
    found();
    return true;
  };
  return { open: shown, offers, index: Math.min(index, Math.max(0, offers.length - 1)), setIndex, pick, insert, look, close, onKeyDown };
}
