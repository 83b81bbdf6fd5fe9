// The repository as the house rules see it: texts by path. Rules get this and nothing else, so that a test can plant a bad file.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Code, readCode } from './read-code.ts';

export interface Problem {
  readonly path: string;
  /** 1 for the first line; 0: the file or folder as a whole. */
  readonly line: number;
  readonly rule: string;
  readonly text: string;
}

export interface TextFile {
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

export interface SourceFile extends TextFile {
  readonly code: Code;
  readonly isTest: boolean;
}

export interface Repository {
  /** All text files that are tracked or about to be. */
  readonly texts: readonly TextFile[];
  /** Hand-written TypeScript and JavaScript among them. */
  readonly sources: readonly SourceFile[];
  /** Is there a file or folder at this path? */
  exists(path: string): boolean;
}

export type Rule = (repository: Repository) => readonly Problem[];

const SOURCE = /\.(ts|tsx|js|mjs)$/;
const TEXT = /\.(ts|tsx|js|mjs|json|md|sql|prisma|yml|yaml|css|html|sh|toml|txt)$|(^|\/)(run|Dockerfile|\.npmrc|\.gitignore)$/;
const GENERATED = /(^|\/)(generated|dist|node_modules)\//;

/** Code that proves other code, and what only such code imports. */
export const isTestPath = (path: string): boolean => /\.test\.tsx?$|(^|\/)test\/|^tests\/|\/conformance\//.test(path);

export function makeRepository(files: Readonly<Record<string, string>>, exists = (path: string): boolean => path in files): Repository {
  const texts = Object.entries(files).map(([path, text]): TextFile => ({ path, text, lines: text.split('\n') }));
  const sources = texts
    .filter(({ path }) => SOURCE.test(path) && !GENERATED.test(path))
    .map((file): SourceFile => ({ ...file, code: readCode(file.text), isTest: isTestPath(file.path) }));
  return { texts, sources, exists };
}

/** What git tracks, and what it would track with the next `git add`. */
export function openRepository(root: string): Repository {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: 64 * 2 ** 20 });
  const paths = [...new Set(listed.split('\0'))].filter((path) => TEXT.test(path) && existsSync(join(root, path)) && statSync(join(root, path)).isFile());
  const files = Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
  return makeRepository(files, (path) => existsSync(join(root, path)));
}
