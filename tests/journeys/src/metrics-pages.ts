// Pages of metrics against their documentation: what is served is documented with its kind, and no label names a person, nor a room but those that cost most.
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

/** The ten rooms that cost most are named by their id, and nothing else is. */
const DEAR_ROOM = /^(parley_gateway_room_\w+)\{room="[0-9a-f-]{36}"\} /;

/** Lines with an id or a name in a label, where there should be none. */
export const namingLines = (pages: readonly string[], words: readonly string[]): readonly string[] =>
  pages.flatMap((page) =>
    page
      .split('\n')
      .map((line) => line.replace(DEAR_ROOM, '$1 '))
      .filter((line) => /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-/.test(line) || words.some((word) => line.includes(word))),
  );
