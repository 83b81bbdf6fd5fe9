// Each house rule against a planted bad example and a good one beside it; then all of them against this repository.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readCode } from './house/read-code.ts';
import { makeRepository, openRepository } from './house/repository.ts';
import { describeProblem, judge } from './house-rules.ts';

const HEAD = '// What it is for.\n';
const lines = (count: number): string => Array.from({ length: count }, (_, index) => `  use(${index});`).join('\n');
const manifest = (name: string, dependencies: Record<string, string> = {}) => JSON.stringify({ name, dependencies, exports: { '.': './src/index.ts' } });

/** Problems of one rule in a repository made of these files. Sources are entry points, unless the test is about that. */
const found = (rule: string, files: Record<string, string>): string[] =>
  judge(makeRepository(files))
    .filter((problem) => problem.rule === rule)
    .map(describeProblem);

interface Case {
  readonly what: string;
  readonly rule: string;
  readonly bad: Record<string, string>;
  readonly at: string;
  readonly good: Record<string, string>;
}

const file = (path: string, text: string): Record<string, string> => ({ [path]: HEAD + text });

const CASES: readonly Case[] = [
  {
    what: 'a service that imports another',
    rule: 'imports',
    bad: file('apps/rooms/src/a.ts', "import { x } from '@parley/messages';"),
    at: 'apps/rooms/src/a.ts:2 ',
    good: file('apps/rooms/src/a.ts', "import { x } from '@parley/protocol';\nimport { y } from '@parley/ports';"),
  },
  {
    what: 'a service that imports an adapter outside its tests',
    rule: 'imports',
    bad: file('apps/rooms/src/a.ts', "import { x } from '@parley/postgres';"),
    at: 'apps/rooms/src/a.ts:2 ',
    good: file('apps/rooms/test/a.test.ts', "import { x } from '@parley/postgres/testing';"),
  },
  {
    what: 'protocol that imports upwards',
    rule: 'imports',
    bad: file('packages/protocol/src/a.ts', "export type { X } from '@parley/ports';"),
    at: 'packages/protocol/src/a.ts:2 ',
    good: file('packages/sdk/src/a.ts', "import type { X } from '@parley/protocol';"),
  },
  {
    what: 'a file that reaches into another package',
    rule: 'imports',
    bad: file('apps/rooms/src/a.ts', "import { x } from '../../messages/src/decide.ts';"),
    at: 'apps/rooms/src/a.ts:2 ',
    good: file('apps/rooms/src/log/a.ts', "import { x } from '../store/store.ts';"),
  },
  {
    what: 'Prisma outside of a store',
    rule: 'imports',
    bad: file('apps/rooms/src/join-room.ts', "import { PrismaClient } from './generated/prisma/client.ts';"),
    at: 'apps/rooms/src/join-room.ts:2 ',
    good: {
      ...file('apps/rooms/src/store-rooms.ts', "import { PrismaClient } from './generated/prisma/client.ts';"),
      ...file('apps/rooms/src/outbox.ts', "import type { P } from '@prisma/client';"),
    },
  },
  {
    what: 'a dependency that its package.json does not name',
    rule: 'imports',
    bad: { ...file('apps/rooms/src/a.ts', "import pg from 'zod/mini';"), 'apps/rooms/package.json': manifest('@parley/rooms') },
    at: 'apps/rooms/src/a.ts:2 ',
    good: { ...file('apps/rooms/src/a.ts', "import * as z from 'zod/mini';"), 'apps/rooms/package.json': manifest('@parley/rooms', { zod: '1.0.0' }) },
  },
  {
    what: 'process.env outside of config.ts',
    rule: 'environment',
    bad: file('apps/parley/src/start.ts', 'const port = process.env.PORT;'),
    at: 'apps/parley/src/start.ts:2 ',
    good: {
      ...file('apps/parley/src/config.ts', 'const port = process.env.PORT;'),
      ...file('apps/rooms/src/a.ts', "const text = 'process.env'; // process.env"),
    },
  },
  ...['Date.now()', 'new Date()', 'Math.random()', 'setTimeout(f, 1)', 'globalThis.setInterval(f, 1)', 'setImmediate(f)', 'crypto.randomUUID()'].map(
    (call) => ({
      what: `${call} in a service`,
      rule: 'calls',
      bad: file('apps/rooms/src/a.ts', `const x = ${call};`),
      at: 'apps/rooms/src/a.ts:2 ',
      good: {
        ...file('apps/rooms/src/a.ts', `// never ${call}\nconst x = '${call}';\nconst y = new Date(5);\nclock.setTimeout(f);`),
        ...file('packages/ports/src/system.ts', `const x = ${call};`),
      },
    }),
  ),
  {
    what: 'a file of 401 lines',
    rule: 'file size',
    bad: { 'apps/rooms/src/a.ts': `${HEAD}${lines(400)}\n` },
    at: 'apps/rooms/src/a.ts ',
    good: { 'apps/rooms/src/a.ts': `${HEAD}${lines(399)}\n`, 'apps/rooms/src/generated/a.ts': lines(900) },
  },
  {
    what: 'a function of 61 lines',
    rule: 'function size',
    bad: file('apps/rooms/src/a.ts', `export function f(a: number): { b: string } | null {\n${lines(59)}\n}`),
    at: 'apps/rooms/src/a.ts:2 ',
    good: file('apps/rooms/src/a.ts', `export const f = (a: () => void): void => {\n${lines(58)}\n};\nconst table = {\n${lines(80).replaceAll(';', ',')}\n};`),
  },
  {
    what: 'thirteen source files in a folder',
    rule: 'folder size',
    bad: Object.assign({}, ...Array.from({ length: 13 }, (_, index) => file(`apps/rooms/src/file-${index}.ts`, ''))),
    at: 'apps/rooms/src ',
    good: Object.assign({}, ...Array.from({ length: 12 }, (_, index) => file(`apps/rooms/src/file-${index}.ts`, '')), file('apps/rooms/src/x.test.ts', '')),
  },
  {
    what: 'a file without a header',
    rule: 'header',
    bad: { 'apps/rooms/src/a.ts': 'export const a = 1;\n' },
    at: 'apps/rooms/src/a.ts:1 ',
    good: file('apps/rooms/src/a.ts', ''),
  },
  {
    what: 'a header of five lines',
    rule: 'header',
    bad: { 'apps/rooms/src/a.ts': `${'// a\n'.repeat(5)}x();` },
    at: 'apps/rooms/src/a.ts:1 ',
    good: { 'apps/rooms/src/a.ts': `${'// a\n'.repeat(4)}x();` },
  },
  {
    what: 'a name in camel case',
    rule: 'names',
    bad: file('apps/rooms/src/joinRoom.ts', ''),
    at: 'apps/rooms/src/joinRoom.ts ',
    good: file('apps/rooms/src/join-room.browser.test.ts', ''),
  },
  {
    what: 'a folder that says nothing',
    rule: 'names',
    bad: file('apps/rooms/src/utils/a.ts', ''),
    at: 'apps/rooms/src/utils/a.ts ',
    good: file('apps/rooms/src/log/a.ts', ''),
  },
  {
    what: 'a port of six methods',
    rule: 'ports',
    bad: file('packages/ports/src/feed.ts', `export interface Feed {\n${'abcdef'.replace(/./g, '  $&(x: { y(): void }): void;\n')}}`),
    at: 'packages/ports/src/feed.ts:2 ',
    good: file('packages/ports/src/feed.ts', `export interface Feed {\n${'abcde'.replace(/./g, '  $&(x: { y(): void }): void;\n')}  readonly z: number;\n}`),
  },
  {
    what: 'a file that nothing imports',
    rule: 'dead files',
    bad: { ...file('apps/rooms/src/index.ts', ''), ...file('apps/rooms/src/lost.ts', ''), 'apps/rooms/package.json': manifest('@parley/rooms') },
    at: 'apps/rooms/src/lost.ts ',
    good: {
      ...file('apps/rooms/src/index.ts', "import './found.ts';\nnew URL('./worker.ts', import.meta.url);"),
      ...file('apps/rooms/src/found.ts', ''),
      ...file('apps/rooms/src/worker.ts', ''),
      'apps/rooms/package.json': manifest('@parley/rooms'),
    },
  },
  {
    what: 'two files that import only each other',
    rule: 'dead files',
    bad: { ...file('apps/rooms/src/one.ts', "import './two.ts';"), ...file('apps/rooms/src/two.ts', "import './one.ts';") },
    at: 'apps/rooms/src/one.ts ',
    good: {
      ...file('apps/rooms/src/one.ts', "import './two.ts';"),
      ...file('apps/rooms/src/two.ts', ''),
      ...file('apps/rooms/src/one.test.ts', "import './one.ts';"),
    },
  },
  {
    what: 'a link to a file that is not there',
    rule: 'links',
    bad: { 'docs/a.md': 'see [this](../b.md#c)' },
    at: 'docs/a.md:1 ',
    good: { 'docs/a.md': 'see [this](../b.md#c), [that](https://x.org/y), [here](#z)', 'b.md': '' },
  },
  {
    what: 'a path of one machine',
    rule: 'machine paths',
    bad: { 'README.md': `run it in ${'/wo'}rk/parley` },
    at: 'README.md:1 ',
    good: { 'README.md': `GET /api/work/x and https://x.org${'/wo'}rk/y` },
  },
  {
    what: 'a registry host in the lock file',
    rule: 'lock file',
    bad: { 'package-lock.json': '{\n"resolved": "https://registry.example.org/a.tgz"\n}' },
    at: 'package-lock.json:2 ',
    good: { 'package-lock.json': '{\n"resolved": "apps/rooms", "funding": "https://x.org"\n}' },
  },
  ...['^1.2.3', '~1.2.3', '1.x', '*', 'latest', '>=1.0.0'].map((version) => ({
    what: `a version ${version}`,
    rule: 'versions',
    bad: { 'apps/rooms/package.json': manifest('@parley/rooms', { zod: version }) },
    at: 'apps/rooms/package.json:1 ',
    good: { 'apps/rooms/package.json': manifest('@parley/rooms', { zod: '1.2.3', pg: '18.4.0-beta.17', alias: 'npm:@a/b@1.2.3' }) },
  })),
  ...[
    `// ${'TO'}DO later`,
    `// @ts-${'ignore'}`,
    `// biome-${'ignore'} lint: because`,
    'const a = b as any;',
    "it.only('x', f);",
    "it.skip('x', f);",
    'ctx.skip();',
  ].map((text) => ({
    what: text,
    rule: 'excuses',
    bad: file('apps/rooms/test/a.test.ts', text),
    at: 'apps/rooms/test/a.test.ts:2 ',
    good: file(
      'apps/rooms/test/a.test.ts',
      `// ${'TO'}DO(#12) later: any order\nconst text = 'as any';\nctx.skip('needs a browser');\nit.skip('x, because of #4', f);`,
    ),
  })),
];

describe('a house rule', () => {
  for (const { what, rule, bad, at, good } of CASES) {
    it(`finds ${what}`, () => {
      const problems = found(rule, bad);
      expect(problems.length).toBeGreaterThan(0);
      expect(problems[0]).toContain(`${at}[${rule}]`);
      expect(found(rule, good)).toEqual([]);
    });
  }
});

describe('reading code', () => {
  it('knows strings, templates, regular expressions and comments from code', () => {
    const text = [
      'const a = \'it\' + "is"; // not',
      `const b = \`x ${'$'}{y(\`z ${'$'}{1}\`)} w\`;`,
      'const c = /[/\'"]`/g.test(d) / e;',
      '/* no\n',
      "'x' */ f(); const g = 'h\\'i';",
    ].join('\n');
    const { bare } = readCode(text);
    expect(bare).toHaveLength(text.length);
    expect(bare.replace(/\s+/g, ' ').trim()).toBe('const a = + ; const b = y( 1 ) ; const c = .test(d) / e; f(); const g = ;');
  });

  it('measures a function without the functions inside it', () => {
    const text = `function make() {\n  const one = () => {\n${lines(10)}\n  };\n  if (x) {\n${lines(3)}\n  }\n}`;
    expect(readCode(text).functions).toEqual([
      { line: 2, lineCount: 12 },
      { line: 1, lineCount: 9 },
    ]);
  });
});

describe('this repository', () => {
  it('keeps the house rules', () => {
    const problems = judge(openRepository(fileURLToPath(new URL('../..', import.meta.url))));
    if (problems.length > 0) expect.fail(`${problems.length} problems:\n${problems.map(describeProblem).join('\n')}`);
  });
});
