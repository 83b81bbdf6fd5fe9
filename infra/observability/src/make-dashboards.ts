// Writes the dashboards as JSON and gives the Helm chart its copy of the alert rules. With --check it only says what is not up to date.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BOARDS, buildDashboard } from './dashboards.ts';

const here = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Path -> what should be in it. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const files = new Map(BOARDS.map((board) => [here(`dashboards/${board.uid}.json`), `${JSON.stringify(buildDashboard(board), null, 2)}\n`]));
  for (const name of readdirSync(here('rules'))) files.set(here(`../helm/parley/files/rules/${name}`), readFileSync(here(`rules/${name}`), 'utf8'));
  return files;
}

const current = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
};

/** Files that are not as they should be. */
export const staleFiles = (): readonly string[] => [...generatedFiles()].flatMap(([path, text]) => (current(path) === text ? [] : [path]));

if (import.meta.main) {
  const stale = staleFiles();
  if (process.argv.includes('--check')) {
    for (const path of stale) console.error(`${path} is not up to date: node infra/observability/src/make-dashboards.ts`);
    process.exitCode = stale.length === 0 ? 0 : 1;
  } else {
    const files = generatedFiles();
    for (const path of stale) {
      mkdirSync(fileURLToPath(new URL('.', `file://${path}`)), { recursive: true });
      writeFileSync(path, files.get(path) as string);
    }
    console.log(stale.length === 0 ? 'everything is up to date' : `written: ${stale.join(', ')}`);
  }
}
