// Writes the reference docs from their sources: `node tools/src/docs.ts`. With `--check` it writes nothing and fails when one is out of date.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { reportFiles } from '../../load/report/page.ts';
import { type ConfigFields, configPage, errorsPage, protocolPage, type SettingReaders } from './docs/pages.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Path -> what it should hold. */
export async function referenceFiles(): Promise<ReadonlyMap<string, string>> {
  const { CONFIG_FIELDS } = await import('@parley/cli/config');
  const { SETTINGS } = await import('@parley/runtime');
  const { asyncApiFile, openApiFile, publicApiFile } = await import('./docs/api-documents.ts');
  return new Map([
    ['docs/errors.md', errorsPage()],
    ['docs/protocol.md', protocolPage()],
    ['docs/config.md', configPage(CONFIG_FIELDS satisfies ConfigFields, SETTINGS satisfies ConfigFields, await settingReaders())],
    ['docs/openapi.json', await openApiFile()],
    ['docs/asyncapi.json', asyncApiFile()],
    ['apps/edge/src/generated/public-api.json', await publicApiFile()],
    ...(await reportFiles(ROOT)),
  ]);
}

/** Each service says in its config.ts what it reads. */
async function settingReaders(): Promise<SettingReaders> {
  const [edge, gateway, accounts, rooms, messages, notifications, media] = await Promise.all([
    import('@parley/edge/config'),
    import('@parley/gateway/config'),
    import('@parley/accounts/config'),
    import('@parley/rooms/config'),
    import('@parley/messages/config'),
    import('@parley/notifications/config'),
    import('@parley/media/config'),
  ]);
  const all = { edge, gateway, accounts, rooms, messages, notifications, media };
  return Object.fromEntries(Object.entries(all).map(([service, { SETTING_NAMES }]) => [service, SETTING_NAMES]));
}

/** Paths of those that are not as they should be. */
export const outdated = (files: ReadonlyMap<string, string>, root: string): readonly string[] =>
  [...files].filter(([path, text]) => !existsSync(`${root}/${path}`) || readFileSync(`${root}/${path}`, 'utf8') !== text).map(([path]) => path);

if (import.meta.main) {
  const files = await referenceFiles();
  const stale = outdated(files, ROOT);
  if (process.argv.includes('--check')) {
    for (const path of stale) console.error(`${path} is out of date: run npm run docs`);
    process.exitCode = stale.length === 0 ? 0 : 1;
  } else {
    mkdirSync(`${ROOT}/docs`, { recursive: true });
    for (const path of stale) writeFileSync(`${ROOT}/${path}`, files.get(path) ?? '');
    console.log(stale.length === 0 ? 'the reference docs are up to date' : `written: ${stale.join(', ')}`);
  }
  // Database clients that were made but never connected may hold timers.
  process.exit();
}
