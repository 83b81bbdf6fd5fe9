// What must not stand in any tracked file: dead links, paths of one machine, registry hosts, loose versions, excuses without a reason.
import { posix } from 'node:path';
import type { Problem, Rule, TextFile } from './repository.ts';

const eachLine = (files: readonly TextFile[], check: (line: string, file: TextFile) => string | null, rule: string): readonly Problem[] =>
  files.flatMap((file) =>
    file.lines.flatMap((line, index): Problem[] => {
      const text = check(line, file);
      return text === null ? [] : [{ path: file.path, line: index + 1, rule, text }];
    }),
  );

const LINK = /\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g;

export const checkLinks: Rule = ({ texts, exists }) =>
  texts
    .filter((file) => file.path.endsWith('.md'))
    .flatMap((file) =>
      file.lines.flatMap((line, index) =>
        [...line.matchAll(LINK)]
          .map((match) => match[1] ?? '')
          .filter((target) => !/^([a-z]+:|#|\/\/)/i.test(target))
          .map((target) => ({ target, path: posix.normalize(posix.join(posix.dirname(file.path), decodeURI(target.replace(/[#?].*$/, '')))) }))
          .filter(({ path }) => !exists(path.replace(/\/$/, '')))
          .map(({ target }): Problem => ({ path: file.path, line: index + 1, rule: 'links', text: `${target} is not there` })),
      ),
    );

// Put together here, so that this file may stand under its own rule.
const HOMES = ['work', 'root', 'home', 'Users'].join('|');
const MACHINE_PATH = new RegExp(`(?:^|[\\s"'\`(=:,])/(?:${HOMES})/[\\w.-]`);
/** What a folder outside the repository may still be named for. */
const MACHINE_PATH_FINE: readonly RegExp[] = [/^package-lock\.json$/];

export const checkMachinePaths: Rule = ({ texts }) =>
  eachLine(
    texts.filter((file) => !MACHINE_PATH_FINE.some((path) => path.test(file.path))),
    (line) => (MACHINE_PATH.test(line) ? `${MACHINE_PATH.exec(line)?.[0].trim()}… is a path of one machine` : null),
    'machine paths',
  );

export const checkLockFile: Rule = ({ texts }) =>
  eachLine(
    texts.filter((file) => file.path === 'package-lock.json'),
    (line) => (/"resolved":\s*"(https?|git\+|git:)/.test(line) ? 'the lock file names a registry host: installs would go there and nowhere else' : null),
    'lock file',
  );

const EXACT = /^(npm:(@[\w.-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(-[\w.-]+)?$/;

/** Exact versions: the lock file then changes only when somebody means it. */
export const checkVersions: Rule = ({ texts }) =>
  texts
    .filter((file) => /(^|\/)package\.json$/.test(file.path))
    .flatMap((file) => {
      const { dependencies, devDependencies, optionalDependencies } = JSON.parse(file.text) as Record<string, Record<string, string> | undefined>;
      return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
        .filter(([, version]) => !EXACT.test(version))
        .map(
          ([name, version]): Problem => ({
            path: file.path,
            line: file.lines.findIndex((line) => line.includes(`"${name}"`)) + 1,
            rule: 'versions',
            text: `${name} ${version} is not exact`,
          }),
        );
    });

/** A reason does not help. */
const NEVER_IN_COMMENTS: readonly [RegExp, string][] = [
  [new RegExp(`@ts-${'ignore'}|@ts-${'nocheck'}`), 'the compiler is silenced'],
  [new RegExp(`biome-${'ignore'}`), 'the linter is silenced'],
];
const NEVER_IN_CODE: readonly [RegExp, string][] = [
  // Annotations are the linter's (noExplicitAny); `: any` may also be a value here.
  [/\bas any\b|<any>/, 'any'],
  [/\b(?:it|test|describe|suite)(?:\.\w+)*\.only\(/, 'the other tests do not run'],
];
const LATER = new RegExp(`\\b(?:${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')})\\b(?!.*#\\d+)`);
/** `ctx.skip('needs a browser')` or `it.skip('… because …')`. */
const SKIP_WITH_REASON = /\.skip\(.*['"`].*(?::|because|needs|without|no ).*['"`]/;

export const checkExcuses: Rule = ({ sources }) =>
  sources.flatMap((file) => {
    const bare = file.code.bare.split('\n');
    const uncommented = file.code.uncommented.split('\n');
    return file.lines.flatMap((line, index): Problem[] => {
      const code = bare[index] ?? '';
      const comments = dropStrings(line, uncommented[index] ?? '', code);
      const never = NEVER_IN_CODE.find(([pattern]) => pattern.test(code)) ?? NEVER_IN_COMMENTS.find(([pattern]) => pattern.test(comments));
      const text =
        never?.[1] ?? (LATER.test(comments) ? 'a task without the number of its issue' : skips(file, line, code) ? 'a skip without its reason' : null);
      return text === null ? [] : [{ path: file.path, line: index + 1, rule: 'excuses', text }];
    });
  });

const skips = (file: { readonly isTest: boolean }, line: string, code: string): boolean => file.isTest && /\.skip\(/.test(code) && !SKIP_WITH_REASON.test(line);

/** The line with blanks where its strings are, comments kept. */
function dropStrings(line: string, uncommented: string, bare: string): string {
  return [...line].map((char, index) => (uncommented[index] === char && bare[index] !== char ? ' ' : char)).join('');
}
