// The page for load testers says which scenarios and settings there are, as the scripts have them.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SCENARIOS, settingsOf, settingsTable, sourceOf } from './testing/settings-table.ts';

const scripts = readdirSync(fileURLToPath(new URL('.', import.meta.url)))
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .map((name) => name.replace('.ts', ''));

describe('the page for load testers', () => {
  it('holds the table that load/testing/settings-table.ts prints now', () => {
    expect(readFileSync(fileURLToPath(new URL('../docs/load.md', import.meta.url)), 'utf8')).toContain(settingsTable());
  });

  it('knows every scenario', () => {
    expect(scripts.filter((name) => sourceOf(name).includes('export const handleSummary')).sort()).toEqual([...SCENARIOS].sort());
    for (const name of SCENARIOS) expect(settingsTable()).toContain(`| \`${name}\` |`);
  });

  it.each(SCENARIOS)('leaves out no setting of %s', (name) => {
    expect(settingsOf(name)).toHaveLength(sourceOf(name).match(/\bdefault: [\d_.]+, min:/g)?.length ?? 0);
  });
});
