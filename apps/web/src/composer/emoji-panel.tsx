// The emoji picker itself, over data of our own origin. Loaded when first opened.
import { EmojiPicker, type EmojiPickerListEmojiProps, type EmojiPickerListRowProps } from 'frimousse';

const loadData = () => import('virtual:parley-emoji').then((module) => module.default);

const fromOne = (index: unknown): number => Number(index ?? 0) + 1;

/** The picker counts rows and columns from 0, ARIA from 1. */
const COMPONENTS = {
  Row: (props: EmojiPickerListRowProps) => {
    const row = { ...props, 'aria-rowindex': fromOne(props['aria-rowindex']) };
    return <div {...row} />;
  },
  Emoji: ({ emoji, ...props }: EmojiPickerListEmojiProps) => {
    const cell = { ...props, 'aria-colindex': fromOne(props['aria-colindex']) };
    return (
      <button type="button" {...cell}>
        {emoji.emoji}
      </button>
    );
  },
};

export function EmojiPicking({ onPick }: { onPick: (emoji: string) => void }) {
  return (
    <EmojiPicker.Root resolveEmojiData={loadData} columns={9} onEmojiSelect={(picked) => onPick(picked.emoji)}>
      <EmojiPicker.Search className="input" placeholder="Find an emoji" aria-label="Find an emoji" autoFocus />
      <EmojiPicker.Viewport>
        <EmojiPicker.Loading>Loading…</EmojiPicker.Loading>
        <EmojiPicker.Empty>No emoji has that name.</EmojiPicker.Empty>
        <EmojiPicker.List components={COMPONENTS} />
      </EmojiPicker.Viewport>
    </EmojiPicker.Root>
  );
}
