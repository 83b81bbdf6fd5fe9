// Who a message names. The same sign that the web client marks: whoever is marked is told. Pure.

/** An @ that begins a word, and the handle after it. */
const MENTION = /(^|[^\p{L}\p{N}_.@/-])@([a-z0-9][a-z0-9._-]*)/giu;
/** Names that mean everybody in the room. */
const EVERYBODY = new Set(['all', 'everyone']);
/** More would be no mention but noise. */
const MOST = 50;

export interface Mentions {
  /** Lower case, without the @, each once. */
  readonly handles: readonly string[];
  /** `@all` or `@everyone`. `@here` names nobody: who is here needs no notification. */
  readonly everybody: boolean;
}

/** Code is quoted, not said: mentions in it name nobody. Trailing dots and dashes belong to the sentence. */
export function mentionsOf(text: string): Mentions {
  const said = text.replace(/```[\s\S]*?(?:```|$)|`[^`\n]*`/g, ' ');
  const handles = new Set<string>();
  let everybody = false;
  for (const [, , name = ''] of said.matchAll(MENTION)) {
    const handle = name.replace(/[.-]+$/, '').toLowerCase();
    if (EVERYBODY.has(handle)) everybody = true;
    else if (handle !== '' && handle !== 'here' && handles.size < MOST) handles.add(handle);
  }
  return { handles: [...handles], everybody };
}
