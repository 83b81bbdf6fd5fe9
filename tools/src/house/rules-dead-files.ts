// A source file that nothing reaches is a lie about what the program does.
import { posix } from 'node:path';
import type { Problem, Repository, Rule, SourceFile } from './repository.ts';

/** Files that are begun from outside, and by whom. package.json's exports, bin and scripts are entry points by themselves. */
const ENTRIES: readonly { readonly path: RegExp; readonly reason: string }[] = [
  { path: /\.test\.tsx?$/, reason: 'vitest finds it' },
  { path: /(^|\/)(vite|vitest|prisma)\.config\.ts$/, reason: 'its tool finds it' },
  { path: /\.d\.ts$/, reason: 'the compiler finds it' },
  { path: /^load\/([^/]+|k6\/[^/]+|bench\/[^/]+)\.(ts|js)$/, reason: 'run by hand or by k6' },
  { path: /^apps\/web\/public\/sw\.js$/, reason: 'the browser starts it' },
  { path: /(^|\/)seed[\w-]*\.ts$/, reason: 'run by hand' },
];

export const checkDeadFiles: Rule = (repository) => {
  const byPath = new Map(repository.sources.map((file) => [file.path, file]));
  const reached = new Set<string>();
  const queue = repository.sources.filter((file) => isEntry(repository, file)).map((file) => file.path);
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    const file = byPath.get(path);
    if (file !== undefined) queue.push(...referencesOf(file).filter((target) => byPath.has(target)));
  }
  return repository.sources
    .filter((file) => !reached.has(file.path))
    .map((file): Problem => ({ path: file.path, line: 0, rule: 'dead files', text: 'nothing imports it and it is no entry point' }));
};

function isEntry(repository: Repository, file: SourceFile): boolean {
  if (ENTRIES.some(({ path }) => path.test(file.path)) || file.text.startsWith('#!') || file.code.bare.includes('import.meta.main')) return true;
  return repository.texts.some(({ path, text }) => {
    if (!/(^|\/)(package\.json|run|Dockerfile)$|\.(html|sh|yml|yaml)$/.test(path)) return false;
    const folder = posix.dirname(path);
    const relative = folder === '.' ? file.path : posix.relative(folder, file.path);
    return !relative.startsWith('..') && text.includes(relative);
  });
}

const RELATIVE = /['"`](\.{1,2}\/[^'"`\n]+?\.(?:tsx?|m?js))(?:\?[\w&=]*)?['"`]/g;
const BESIDE = /new URL\(['"`]([\w-]+\.tsx?)['"`]/g;
const FROM_ROOT = /['"`=/]((?:apps|packages|tests|tools|load)\/[\w./-]+\.(?:tsx?|m?js))['"`]/g;

/** Every quoted path counts: imports, `new URL('./worker.ts', import.meta.url)`, a child process' script. */
function referencesOf(file: SourceFile): readonly string[] {
  const text = file.code.uncommented;
  const relative = [...text.matchAll(RELATIVE), ...text.matchAll(BESIDE)].map((match) => posix.join(posix.dirname(file.path), match[1] ?? ''));
  return [...relative, ...[...text.matchAll(FROM_ROOT)].map((match) => match[1] ?? '')];
}
