// `npm run generate`: makes each service's Prisma client anew. Needs the network once, for Prisma's command line, and nothing at run time.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judgeClient, prismaServices } from './prisma-clients.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
for (const service of prismaServices(root)) {
  // Generating needs no schema engine; without this, Prisma would try to download one.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true', PRISMA_HIDE_UPDATE_MESSAGE: '1' };
  const { status } = spawnSync('npx', ['--yes', `prisma@${service.version}`, 'generate'], { cwd: join(root, service.folder), env, stdio: 'inherit' });
  const problem = status === 0 ? judgeClient(root, service) : `${service.folder}: prisma generate ended with ${status}`;
  if (problem !== null) {
    console.error(problem);
    process.exitCode = 1;
  }
}
