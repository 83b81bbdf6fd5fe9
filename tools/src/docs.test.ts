// The reference pages and the check of committed clients: that they hold what they should, and that being out of date is noticed.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CLIENT_FRAMES, ERROR_CODES, LIMITS, ROOM_EVENT_TYPES, SERVER_FRAMES } from '@parley/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { describeSchema } from './docs/describe-schema.ts';
import { configPage, errorsPage, protocolPage } from './docs/pages.ts';
import { outdated } from './docs.ts';
import { judgeClient, prismaServices } from './prisma-clients.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'parley-tools-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};

describe('the reference pages', () => {
  it('name every code, frame, event and limit, each once', () => {
    const rows = errorsPage().match(/^\| `\w+`/gm) ?? [];
    expect(rows).toEqual(ERROR_CODES.map((code) => `| \`${code}\``));
    const page = protocolPage();
    for (const name of [...Object.keys(CLIENT_FRAMES), ...Object.keys(SERVER_FRAMES), ...ROOM_EVENT_TYPES]) expect(page).toContain(`### \`${name}\``);
    for (const [name, value] of Object.entries(LIMITS)) expect(page).toContain(`| \`${name}\` | ${value} |`);
  });

  it('show settings with their defaults', () => {
    expect(configPage({ PORT: [null, 'The port | or 0.', '8080'], HOST: [null, 'Where.', ''] })).toContain(
      '| `PORT` | `8080` | The port \\| or 0. |\n| `HOST` |  | Where. |',
    );
  });

  it('that are missing or differ are out of date', () => {
    write('docs/a.md', 'old');
    write('docs/b.md', 'same');
    const files = [
      ['docs/a.md', 'new'],
      ['docs/b.md', 'same'],
      ['docs/c.md', 'x'],
    ] as const;
    expect(outdated(new Map(files), root)).toEqual(['docs/a.md', 'docs/c.md']);
  });
});

describe('a schema in words', () => {
  it('is written as a type', () => {
    const schema = z.object({
      id: z.uuid(),
      text: z.string().check(z.minLength(1), z.maxLength(5)),
      list: z.optional(z.array(z.object({ n: z.int().check(z.nonnegative()) })).check(z.maxLength(3))),
      kind: z.enum(['a', 'b']),
      maybe: z.nullable(z.literal(true)),
      any: z.unknown(),
    });
    expect(describeSchema(schema).split('\n')).toEqual([
      '{',
      '  id: uuid',
      '  text: string /* at least 1, at most 5 */',
      '  list?: ({ n: int >= 0 })[] /* at most 3 */',
      '  kind: "a" | "b"',
      '  maybe: true | null',
      '  any: any JSON',
      '}',
    ]);
  });
});

describe('a committed Prisma client', () => {
  const service = { folder: 'apps/x', version: '7.0.0' };
  const client = (schema: string, version: string) => `"clientVersion": "${version}", "inlineSchema": ${JSON.stringify(schema)},`;

  it('is good only when it is of its schema and of the pinned version', () => {
    write('apps/x/package.json', JSON.stringify({ dependencies: { '@prisma/client': '7.0.0' } }));
    write('apps/x/prisma/schema.prisma', 'model "A" {}\n');
    expect(prismaServices(root)).toEqual([service]);
    expect(judgeClient(root, service)).toContain('there is no client');
    const judge = (text: string) => {
      write('apps/x/src/generated/prisma/internal/class.ts', text);
      return judgeClient(root, service);
    };
    expect(judge(client('model "A" {}\n', '7.0.0'))).toBeNull();
    expect(judge(client('model "B" {}\n', '7.0.0'))).toContain('not of prisma/schema.prisma');
    expect(judge(client('model "A" {}\n', '6.0.0'))).toContain('6.0.0');
  });
});
