// The suites in the order in which they run: which test files each takes, and how long it may be at it.
import { globSync } from 'node:fs';
import { sep } from 'node:path';

export interface Suite {
  readonly name: string;
  /** Wall seconds; more is a failure in CI. `release`: with --release. */
  readonly budgetS: { readonly usual: number; readonly release: number };
  /** Which test files are this suite's. The first suite that takes a file has it. */
  readonly takes: (path: string) => boolean;
}

const budget = (usual: number, release = usual): Suite['budgetS'] => ({ usual, release });

export const SUITES: readonly Suite[] = [
  { name: 'unit', budgetS: budget(90), takes: (path) => /^(apps|packages|tools)\/.*\/src\/|^tools\/src\//.test(path) },
  { name: 'stories', budgetS: budget(240, 600), takes: (path) => /^(apps|packages)\/[^/]+\/test\//.test(path) },
  { name: 'browser', budgetS: budget(300, 600), takes: (path) => /^tests\/journeys\/.*\.browser\.test\.tsx?$/.test(path) },
  { name: 'replay', budgetS: budget(420, 3600), takes: (path) => /^tests\/(replay\/.*|journeys\/(?:.*\/)?replay[\w-]*)\.test\.ts$/.test(path) },
  { name: 'journeys', budgetS: budget(240, 600), takes: (path) => path.startsWith('tests/journeys/') },
  { name: 'simulation', budgetS: budget(240, 3600), takes: (path) => path.startsWith('tests/simulation/') },
  { name: 'attacks', budgetS: budget(180, 600), takes: (path) => path.startsWith('tests/attacks/') },
  { name: 'checker', budgetS: budget(90, 300), takes: (path) => path.startsWith('tests/checker/') },
  { name: 'load', budgetS: budget(180, 1800), takes: (path) => path.startsWith('load/') },
];

/** The order of running: cheap ones first, so that a mistake is told soon. */
export const ORDER = ['unit', 'stories', 'journeys', 'browser', 'simulation', 'attacks', 'checker', 'replay', 'load'] as const;

/** Test files of the repository, by suite; `other`: those that no suite takes. */
export function sortFiles(paths: readonly string[]): ReadonlyMap<string, readonly string[]> {
  return Map.groupBy([...paths].sort(), (path) => SUITES.find((suite) => suite.takes(path))?.name ?? 'other');
}

export const findTestFiles = (root: string): readonly string[] =>
  globSync('{apps,packages,tests,tools,load,infra}/**/*.test.{ts,tsx}', {
    cwd: root,
    exclude: (path) => /(^|[\\/])(node_modules|dist|generated)$/.test(path),
  }).map((path) => path.split(sep).join('/'));
