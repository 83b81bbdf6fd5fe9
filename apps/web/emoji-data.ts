// Build step: the emoji picker's data, cut down from emojibase and served from our own origin as a lazy chunk. Never a CDN.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

interface EmojibaseEmoji {
  emoji: string;
  group?: number;
  label: string;
  version: number;
  hexcode: string;
  tags?: string[];
}
interface EmojibaseMessages {
  groups: { key: string; message: string; order: number }[];
}

const MODULE = 'virtual:parley-emoji';
/** Older phones draw a box for what is newer than this. */
const NEWEST_VERSION = 15;
/** emojibase's group of skin and hair parts: nothing that one would send. */
const COMPONENTS = 2;

function emojiModule(): string {
  const require = createRequire(import.meta.url);
  const read = (file: string): unknown => JSON.parse(readFileSync(require.resolve(`emojibase-data/en/${file}`), 'utf8'));
  const all = read('data.json') as EmojibaseEmoji[];
  const messages = read('messages.json') as EmojibaseMessages;
  const codes = read('shortcodes/emojibase.json') as Record<string, string | string[]>;
  const emojis = all
    .filter((e) => e.group !== undefined && e.group !== COMPONENTS && e.version <= NEWEST_VERSION)
    .map((e) => ({ emoji: e.emoji, category: e.group, label: e.label, version: e.version, tags: e.tags ?? [], aliases: [codes[e.hexcode] ?? []].flat() }));
  const categories = messages.groups
    .filter((g) => g.order !== COMPONENTS)
    .map((g) => ({ index: g.order, label: g.message.charAt(0).toUpperCase() + g.message.slice(1) }));
  const skinTones = { dark: 'Dark', light: 'Light', medium: 'Medium', 'medium-dark': 'Medium dark', 'medium-light': 'Medium light' };
  return `export default JSON.parse(${JSON.stringify(JSON.stringify({ locale: 'en', emojis, categories, skinTones }))})`;
}

/** Gives `import('virtual:parley-emoji')` its content. */
export const emojiData = (): Plugin => ({
  name: 'parley-emoji-data',
  resolveId: (id) => (id === MODULE ? `\0${MODULE}` : null),
  load: (id) => (id === `\0${MODULE}` ? emojiModule() : null),
});
