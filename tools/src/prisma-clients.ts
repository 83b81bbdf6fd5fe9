// The committed Prisma clients: each must be made from its schema.prisma by the pinned version. `node tools/src/prisma-clients.ts` checks.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface PrismaService {
  /** Folder of the service, from the root. */
  readonly folder: string;
  readonly version: string;
}

/** Services with a schema, and the version that their package.json pins. */
export const prismaServices = (root: string): readonly PrismaService[] =>
  globSync('apps/*/prisma/schema.prisma', { cwd: root })
    .sort()
    .map((path) => dirname(dirname(path)))
    .map((folder) => ({ folder, version: JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).dependencies['@prisma/client'] as string }));

/** What is wrong with the service's client; null: nothing. */
export function judgeClient(root: string, { folder, version }: PrismaService): string | null {
  const made = join(root, folder, 'src/generated/prisma/internal/class.ts');
  if (!existsSync(made)) return `${folder}: there is no client: run npm run generate`;
  const text = readFileSync(made, 'utf8');
  const inlined = /"inlineSchema":\s*("(?:[^"\\]|\\.)*")/.exec(text)?.[1];
  const by = /"clientVersion":\s*"([^"]+)"/.exec(text)?.[1];
  if (inlined === undefined || JSON.parse(inlined) !== readFileSync(join(root, folder, 'prisma/schema.prisma'), 'utf8'))
    return `${folder}: the client is not of prisma/schema.prisma: run npm run generate`;
  return by === version ? null : `${folder}: the client was made by Prisma ${by}, package.json pins ${version}: run npm run generate`;
}

if (import.meta.main) {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const problems = prismaServices(root)
    .map((service) => judgeClient(root, service))
    .filter((problem) => problem !== null);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
