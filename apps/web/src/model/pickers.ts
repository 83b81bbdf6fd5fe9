// The pickers of the composer: which one is open at the caret, what it offers, what choosing does to the text. Pure.

export type PickerKind = '@' | '#' | ':';
export interface PickerQuery {
  readonly kind: PickerKind;
  readonly query: string;
  /** Where the sign stands in the text. */
  readonly start: number;
  /** The caret: what is chosen replaces [start, end). */
  readonly end: number;
}

const OPEN = /(?:^|[\s([{"'])([@#:])([\p{L}\p{N}._+-]*)$/u;
/** A colon is ordinary punctuation: its picker waits for two letters. */
const COLON_LETTERS = 2;

/** The picker that is open with the caret at `caret`, or null. */
export function openPicker(text: string, caret: number): PickerQuery | null {
  const found = OPEN.exec(text.slice(0, caret));
  if (found === null) return null;
  const kind = found[1] as PickerKind;
  const query = found[2] ?? '';
  if (kind === ':' && query.length < COLON_LETTERS) return null;
  return { kind, query, start: caret - query.length - 1, end: caret };
}

export interface Offer {
  readonly id: string;
  /** What is put into the text. */
  readonly insert: string;
  readonly label: string;
  readonly hint: string;
}

/** 0 = begins with it, 1 = a word begins with it, 2 = holds it, null = no. */
function rank(offer: Offer, query: string): number | null {
  const words = `${offer.label} ${offer.hint}`.toLowerCase();
  if (query === '' || offer.label.toLowerCase().startsWith(query) || offer.hint.toLowerCase().startsWith(query)) return 0;
  if (words.split(/[\s._-]+/).some((word) => word.startsWith(query))) return 1;
  return words.includes(query) ? 2 : null;
}

/** The best offers first; equal ones stay in the order given. */
export function filterOffers(offers: readonly Offer[], query: string, limit = 8): readonly Offer[] {
  const wanted = query.toLowerCase();
  return offers
    .map((offer) => ({ offer, rank: rank(offer, wanted) }))
    .filter((found): found is { offer: Offer; rank: number } => found.rank !== null)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, limit)
    .map((found) => found.offer);
}

/** The text with the choice in place, one space after it, and where the caret goes. */
export function choose(text: string, open: PickerQuery, insert: string): { readonly text: string; readonly caret: number } {
  const before = text.slice(0, open.start);
  const after = text.slice(open.end);
  const gap = after.startsWith(' ') ? '' : ' ';
  const caret = before.length + insert.length + 1;
  return { text: `${before}${insert}${gap}${after}`, caret };
}
