// Pages of metrics against their documentation: what is served is documented with its kind, and no label names a person or a room.
import { readFileSync } from 'node:fs';

/** Name -> kind, as docs/metrics.md has it. */
export const documentedMetrics = (): ReadonlyMap<string, string> =>
  new Map(
    [...readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8').matchAll(/^\| `(parley_[a-z_0-9]+)` \| (\w+) \|/gm)].map(
      ([, name = '', kind = '']) => [name, kind],
    ),
  );

/** Name -> kind, as the pages say. */
export const servedMetrics = (pages: readonly string[]): ReadonlyMap<string, string> =>
  new Map(pages.flatMap((page) => [...page.matchAll(/^# TYPE (parley_[a-z_0-9]+) (\w+)$/gm)].map(([, name = '', kind = '']) => [name, kind] as const)));

/** Lines with an id or a name in a label. */
export const namingLines = (pages: readonly string[], words: readonly string[]): readonly string[] =>
  pages.flatMap((page) => page.split('\n').filter((line) => /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-/.test(line) || words.some((word) => line.includes(word))));
