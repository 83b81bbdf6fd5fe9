// The emoji picker itself, over data of our own origin. Loaded when first opened.
import { EmojiPicker } from 'frimousse';

const loadData = () => import('virtual:parley-emoji').then((module) => module.default);

export function EmojiPicking({ onPick }: { onPick: (emoji: string) => void }) {
  return (
    <EmojiPicker.Root resolveEmojiData={loadData} columns={9} onEmojiSelect={(picked) => onPick(picked.emoji)}>
      <EmojiPicker.Search className="input" placeholder="Find an emoji" aria-label="Find an emoji" autoFocus />
      <EmojiPicker.Viewport>
        <EmojiPicker.Loading>Loading…</EmojiPicker.Loading>
        <EmojiPicker.Empty>No emoji has that name.</EmojiPicker.Empty>
        <EmojiPicker.List />
      </EmojiPicker.Viewport>
    </EmojiPicker.Root>
  );
}
