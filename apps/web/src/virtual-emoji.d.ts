// The emoji picker's data, made by emoji-data.ts at build.
declare module 'virtual:parley-emoji' {
  import type { EmojiData } from 'frimousse';

  const data: EmojiData;
  export default data;
}
