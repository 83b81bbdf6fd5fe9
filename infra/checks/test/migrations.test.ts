// Migrations expand: while an upgrade runs, processes of the version before work on the same tables. What takes something away says since when
// nobody uses it (`-- contracts: unused since 0.3.0`), which a person has checked.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './tool.ts';

const TAKES_AWAY = [
  /\bDROP\s+(TABLE|COLUMN|VIEW|TYPE|SCHEMA)\b/i,
  /\bRENAME\s+(TO|COLUMN|CONSTRAINT)\b/i,
  /\bALTER\s+COLUMN\s+\S+\s+(TYPE|SET\s+DATA\s+TYPE|SET\s+NOT\s+NULL)\b/i,
  /\bADD\s+COLUMN\s+(?:IF\s+NOT\s+EXISTS\s+)?\S+\s+[^,;]*?\bNOT\s+NULL\b(?![^,;]*\bDEFAULT\b)/i,
  /\bTRUNCATE\b/i,
];

/** Statements that the version before would not survive. */
function breaking(sql: string): string[] {
  if (/^-- contracts: unused since \d+\.\d+\.\d+/m.test(sql)) return [];
  // A column that is NOT NULL has its DEFAULT before or after that word.
  const statements = sql.replaceAll(/--.*$/gm, '').split(';');
  return statements
    .filter((one) => TAKES_AWAY.some((pattern) => pattern.test(one.replaceAll(/\bDEFAULT\b([^,;]*?)\bNOT\s+NULL\b/gi, 'NOT NULL DEFAULT$1'))))
    .map((one) => one.trim());
}

describe('migrations', () => {
  it.each([
    ['DROP TABLE old;', 1],
    ['ALTER TABLE rooms DROP COLUMN topic;', 1],
    ['ALTER TABLE rooms RENAME COLUMN topic TO subject;', 1],
    ['ALTER TABLE rooms ALTER COLUMN topic SET NOT NULL;', 1],
    ['ALTER TABLE rooms ADD COLUMN topic text NOT NULL;', 1],
    ["ALTER TABLE rooms ADD COLUMN topic text NOT NULL DEFAULT '';", 0],
    ["ALTER TABLE rooms ADD COLUMN topic text DEFAULT '' NOT NULL;", 0],
    ['-- contracts: unused since 0.2.0\nALTER TABLE rooms DROP COLUMN topic;', 0],
    ['CREATE TABLE new (id uuid PRIMARY KEY, name text NOT NULL); -- DROP TABLE', 0],
  ])('are judged by what the version before needs: %s', (sql, count) => expect(breaking(sql)).toHaveLength(count));

  it('of this repository only add', () => {
    const paths = globSync('{apps/*/prisma/migrations,packages/postgres/migrations-log}/*/migration.sql', { cwd: ROOT }).sort();
    expect(paths.length).toBeGreaterThan(5);
    const found = paths.flatMap((path) => breaking(readFileSync(join(ROOT, path), 'utf8')).map((statement) => `${path}: ${statement}`));
    expect(found).toEqual([]);
  });
});
