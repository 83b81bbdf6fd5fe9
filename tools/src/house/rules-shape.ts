// Sizes, names and headers: what keeps a file readable by the next person.
import { posix } from 'node:path';
import type { Problem, Rule, SourceFile } from './repository.ts';

export const LINES_MAX = 400;
export const FUNCTION_LINES_MAX = 60;
export const FOLDER_FILES_MAX = 12;
export const PORT_METHODS_MAX = 5;
const HEADER_LINES_MAX = 4;

/** Folders that hold more files than usual, and why. */
const WIDE_FOLDERS: Readonly<Record<string, string>> = {
  'packages/protocol/src': 'each file is one thing that crosses a border; the list is the table of contents',
};

/** A report: how long files are. */
export function medianLines(files: readonly { readonly lines: readonly string[] }[]): number {
  const sizes = files.map((file) => file.lines.length).sort((a, b) => a - b);
  return sizes[Math.floor(sizes.length / 2)] ?? 0;
}

export const checkFileSize: Rule = ({ sources }) =>
  sources
    .filter((file) => file.lines.length > LINES_MAX + 1)
    .map((file): Problem => ({ path: file.path, line: 0, rule: 'file size', text: `${file.lines.length} lines, at most ${LINES_MAX}` }));

/** `describe` bodies of tests are lists, not functions. */
export const checkFunctionSize: Rule = ({ sources }) =>
  sources
    .filter((file) => !file.isTest)
    .flatMap((file) =>
      file.code.functions
        .filter((found) => found.lineCount > FUNCTION_LINES_MAX)
        .map(
          (found): Problem => ({ path: file.path, line: found.line, rule: 'function size', text: `${found.lineCount} lines, at most ${FUNCTION_LINES_MAX}` }),
        ),
    );

export const checkFolderSize: Rule = ({ sources }) => {
  const folders = Map.groupBy(
    sources.filter((file) => !/\.test\.tsx?$/.test(file.path)),
    (file) => posix.dirname(file.path),
  );
  return [...folders]
    .filter(([folder, files]) => files.length > FOLDER_FILES_MAX && !(folder in WIDE_FOLDERS))
    .map(([path, files]): Problem => ({ path, line: 0, rule: 'folder size', text: `${files.length} source files, at most ${FOLDER_FILES_MAX}` }));
};

export const checkHeader: Rule = ({ sources }) =>
  sources.flatMap((file): Problem[] => {
    const lines = file.lines[0]?.startsWith('#!') ? file.lines.slice(1) : file.lines;
    if (lines[0]?.startsWith('/*')) return [];
    const count = lines.findIndex((line) => !line.startsWith('//'));
    if (count === 0) return [{ path: file.path, line: 1, rule: 'header', text: 'begin with a comment: what the file is for and what it must never do' }];
    return count > HEADER_LINES_MAX
      ? [{ path: file.path, line: 1, rule: 'header', text: `the comment at the top has ${count} lines, at most ${HEADER_LINES_MAX}` }]
      : [];
  });

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const BANNED = new Set(['util', 'utils', 'helper', 'helpers', 'manager', 'common', 'types', 'misc', 'shared', 'stuff']);

export const checkNames: Rule = ({ sources }) =>
  sources.flatMap((file): Problem[] => {
    const parts = file.path.split('/').map((part, index, all) => (index === all.length - 1 ? part.replace(/(\.[a-z0-9]+)+$/, '') : part.replace(/^\./, '')));
    return parts.flatMap((part): Problem[] => {
      if (!KEBAB.test(part)) return [{ path: file.path, line: 0, rule: 'names', text: `"${part}" is not kebab-case` }];
      return BANNED.has(part) ? [{ path: file.path, line: 0, rule: 'names', text: `"${part}" says nothing: name it for what it does` }] : [];
    });
  });

const INTERFACE = /\bexport interface (\w+)[^{]*\{/g;

/** Methods of each interface that a port is made of. */
export const checkPorts: Rule = ({ sources }) =>
  sources.filter((file) => /^packages\/ports\/src\/(event-log|feed|presence|work-queue|cache|clock)\.ts$/.test(file.path)).flatMap(checkPortFile);

function checkPortFile(file: SourceFile): readonly Problem[] {
  const { bare } = file.code;
  return [...bare.matchAll(INTERFACE)].flatMap((match): Problem[] => {
    const methods = methodsFrom(bare, match.index + match[0].length);
    if (methods <= PORT_METHODS_MAX) return [];
    const line = bare.slice(0, match.index).split('\n').length;
    return [{ path: file.path, line, rule: 'ports', text: `${match[1]} has ${methods} methods, at most ${PORT_METHODS_MAX}` }];
  });
}

function methodsFrom(bare: string, start: number): number {
  let depth = 1;
  let methods = 0;
  for (const line of bare.slice(start).split('\n')) {
    if (depth === 1 && /^\s*\w+\??\s*(<[^(]*>)?\(/.test(line)) methods++;
    for (const char of line) depth += char === '{' ? 1 : char === '}' ? -1 : 0;
    if (depth <= 0) break;
  }
  return methods;
}
