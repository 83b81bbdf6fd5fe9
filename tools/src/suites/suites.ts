// The suites in the order in which they run: which test files each takes, and how long it may be at it.
import { globSync } from 'node:fs';
import { sep } from 'node:path';
import type { SharedEngine } from './shared-engines.ts';

export interface Suite {
  readonly name: string;
  /** Wall seconds; more is a failure in CI. `release`: with --release. */
  readonly budgetS: { readonly usual: number; readonly release: number };
  /** Which test files are this suite's. The first suite that takes a file has it. */
  readonly takes: (path: string) => boolean;
  /** Engines that are started for it, one of each for all its files. */
  readonly engines?: readonly SharedEngine[];
  /** Left out while there are no files of it; of the others that is a skip. */
  readonly mayBeEmpty?: boolean;
}

const budget = (usual: number, release = usual): Suite['budgetS'] => ({ usual, release });

export const SUITES: readonly Suite[] = [
  { name: 'unit', budgetS: budget(90), takes: (path) => /^(apps|packages|infra)\/.*\/src\/|^tools\/src\//.test(path) },
  {
    name: 'engines',
    budgetS: budget(300, 900),
    takes: (path) => /^packages\/(kafka|redis|rabbitmq)\/test\/|^infra\/[^/]+\/test\//.test(path),
    engines: ['redis', 'kafka', 'rabbitmq'],
  },
  { name: 'stories', budgetS: budget(300, 600), takes: (path) => /^(apps|packages)\/[^/]+\/test\//.test(path) },
  // These start engines of their own: they kill them.
  { name: 'faults', budgetS: budget(480, 3600), takes: (path) => path.startsWith('tests/faults/'), mayBeEmpty: true },
  {
    name: 'cluster',
    budgetS: budget(420, 1800),
    takes: (path) => path.startsWith('tests/cluster/') || /\.cluster\.test\.tsx?$/.test(path),
    engines: ['redis', 'kafka', 'rabbitmq'],
    mayBeEmpty: true,
  },
  { name: 'browser', budgetS: budget(300, 600), takes: (path) => /^tests\/journeys\/.*\.browser\.test\.tsx?$/.test(path) },
  { name: 'replay', budgetS: budget(420, 3600), takes: (path) => /^tests\/(replay\/.*|journeys\/(?:.*\/)?replay[\w-]*)\.test\.ts$/.test(path) },
  { name: 'journeys', budgetS: budget(240, 600), takes: (path) => path.startsWith('tests/journeys/') },
  { name: 'simulation', budgetS: budget(240, 3600), takes: (path) => path.startsWith('tests/simulation/') },
  { name: 'attacks', budgetS: budget(180, 600), takes: (path) => path.startsWith('tests/attacks/') },
  { name: 'checker', budgetS: budget(90, 300), takes: (path) => path.startsWith('tests/checker/') },
  { name: 'load', budgetS: budget(180, 1800), takes: (path) => path.startsWith('load/') },
];

/** The order of running: cheap ones first, so that a mistake is told soon. */
export const ORDER = ['unit', 'stories', 'engines', 'journeys', 'browser', 'simulation', 'attacks', 'checker', 'cluster', 'replay', 'faults', 'load'] as const;

/** Test files of the repository, by suite; `other`: those that no suite takes. */
export function sortFiles(paths: readonly string[]): ReadonlyMap<string, readonly string[]> {
  return Map.groupBy([...paths].sort(), (path) => SUITES.find((suite) => suite.takes(path))?.name ?? 'other');
}

/** `x.release.test.ts` runs with --release only: what takes long, or root, or more than a usual machine has. */
export const isForRelease = (path: string): boolean => /\.release\.test\.tsx?$/.test(path);

export const findTestFiles = (root: string): readonly string[] =>
  globSync('{apps,packages,tests,tools,load,infra}/**/*.test.{ts,tsx}', {
    cwd: root,
    exclude: (path) => /(^|[\\/])(node_modules|dist|generated)$/.test(path),
  }).map((path) => path.split(sep).join('/'));
