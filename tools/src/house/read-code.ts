// Reads TypeScript just well enough for the house rules: where comments, strings, imports and function bodies are. Not a parser:
// it keeps every character's place, so that what it finds has a line.

export interface ImportFound {
  readonly specifier: string;
  readonly line: number;
}

export interface FunctionFound {
  readonly line: number;
  /** Without the bodies of functions inside it: those are measured by themselves. */
  readonly lineCount: number;
}

export interface Code {
  /** Comments and strings are blanks. */
  readonly bare: string;
  /** Comments are blanks. */
  readonly uncommented: string;
  readonly imports: readonly ImportFound[];
  readonly functions: readonly FunctionFound[];
}

export const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length;

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

interface Piece {
  readonly kind: 'code' | 'comment' | 'string';
  readonly text: string;
}

export function readCode(text: string): Code {
  const pieces = split(text);
  const bare = pieces.map((piece) => (piece.kind === 'code' ? piece.text : blank(piece.text))).join('');
  const uncommented = pieces.map((piece) => (piece.kind === 'comment' ? blank(piece.text) : piece.text)).join('');
  return { bare, uncommented, imports: findImports(uncommented, bare), functions: findFunctions(bare) };
}

const REGEX_BEFORE = /(?:^|[(,=:[!&|?{};>+]|\b(?:return|typeof|case|in|of))\s*$/;

/** Cuts the text into code, comments and strings. The parts of a template between its `${}` are strings, what is inside is code. */
function split(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  const templates: number[] = [];
  let depth = 0;
  let from = 0;
  let at = 0;
  const cut = (end: number, kind: Piece['kind']): void => {
    if (at > from) pieces.push({ kind: 'code', text: text.slice(from, at) });
    pieces.push({ kind, text: text.slice(at, end) });
    from = end;
    at = end;
  };
  while (at < text.length) {
    const char = text[at];
    const end = endOfPiece(text, at, from);
    if (end !== null) cut(end.end, end.kind);
    else if (char === '`' || (char === '}' && templates.at(-1) === depth)) {
      if (char === '}') templates.pop();
      const stop = endOfTemplate(text, at + 1);
      if (stop.opens) templates.push(depth);
      cut(stop.end, 'string');
    } else {
      if (char === '{') depth++;
      if (char === '}') depth--;
      at++;
    }
  }
  if (at > from) pieces.push({ kind: 'code', text: text.slice(from, at) });
  return pieces;
}

function endOfPiece(text: string, at: number, from: number): { end: number; kind: 'comment' | 'string' } | null {
  const pair = text.slice(at, at + 2);
  if (pair === '//' && text[at - 1] !== ':') return { end: orEnd(text, text.indexOf('\n', at)), kind: 'comment' };
  if (pair === '/*') return { end: orEnd(text, text.indexOf('*/', at), 2), kind: 'comment' };
  const char = text[at];
  // A quote that does not end on its line is no string (an apostrophe in JSX).
  const pattern =
    char === "'"
      ? /'(?:[^'\\\n]|\\[\s\S])*'/y
      : char === '"'
        ? /"(?:[^"\\\n]|\\[\s\S])*"/y
        : char === '/'
          ? /\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
          : null;
  if (pattern === null) return null;
  if (char === '/' && !REGEX_BEFORE.test(text.slice(Math.max(from, at - 40), at))) return null;
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  return found === null ? null : { end: at + found[0].length, kind: 'string' };
}

const orEnd = (text: string, index: number, plus = 0): number => (index === -1 ? text.length : index + plus);

/** From inside a template: to its end, or to the next `${`. */
function endOfTemplate(text: string, from: number): { end: number; opens: boolean } {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '`') return { end: at + 1, opens: false };
    else if (text[at] === '$' && text[at + 1] === '{') return { end: at + 2, opens: true };
  }
  return { end: text.length, opens: false };
}

const IMPORT = /\b(?:import|export)\b(?:[\w\s{},*$]*?\bfrom)?\s*['"]([^'"]+)['"]|\bimport\s*\(\s*['"]([^'"]+)['"]/g;

function findImports(uncommented: string, bare: string): readonly ImportFound[] {
  return [...uncommented.matchAll(IMPORT)]
    .filter((match) => bare.slice(match.index, match.index + 6).trim() !== '')
    .map((match) => ({ specifier: match[1] ?? match[2] ?? '', line: lineAt(uncommented, match.index) }));
}

const BLOCK_WORD = /\b(?:if|for|while|switch|catch|with)\s*$/;
const AFTER_PARAMETERS = /\)\s*(?::\s*[\w\s.<>,[\]|&]*)?$/;

/** Bodies in braces that follow `=>` or a list of parameters. */
function findFunctions(bare: string): readonly FunctionFound[] {
  const found: FunctionFound[] = [];
  const open: { index: number; kind: 'function' | 'type' | 'other'; inner: number }[] = [];
  let closedType = -1;
  for (const { index, 0: brace } of bare.matchAll(/[{}]/g)) {
    if (brace === '{') {
      open.push({ index, kind: kindOf(bare, index, closedType), inner: 0 });
      continue;
    }
    const block = open.pop();
    if (block?.kind === 'type') closedType = index;
    const around = open.at(-1);
    if (block?.kind !== 'function') {
      if (around !== undefined && block !== undefined) around.inner += block.inner;
      continue;
    }
    const line = lineAt(bare, block.index);
    const lines = lineAt(bare, index) - line + 1;
    found.push({ line, lineCount: lines - block.inner });
    // What stands between its first and its last line is its own affair.
    if (around !== undefined) around.inner += Math.max(0, lines - 2);
  }
  return found;
}

function kindOf(bare: string, index: number, closedType: number): 'function' | 'type' | 'other' {
  const before = bare.slice(Math.max(0, index - 400), index);
  if (/=>\s*$/.test(before)) return 'function';
  // `(): { a: string } | null {`: the second brace is the body's.
  if (closedType !== -1 && /^[\w\s|&<>[\],.]*$/.test(bare.slice(closedType + 1, index)) && index - closedType < 60) return 'function';
  const parameters = AFTER_PARAMETERS.exec(before);
  if (parameters === null) return 'other';
  const close = index - before.length + parameters.index;
  if (BLOCK_WORD.test(bare.slice(0, openingOf(bare, close)).slice(-20))) return 'other';
  return /\)\s*:\s*(?:[\w.]+<)?$/.test(before) ? 'type' : 'function';
}

function openingOf(bare: string, close: number): number {
  let depth = 0;
  for (let at = close; at >= 0; at--) {
    if (bare[at] === ')') depth++;
    else if (bare[at] === '(' && --depth === 0) return at;
  }
  return 0;
}
