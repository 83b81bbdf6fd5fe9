// A file for each service with its DATABASE_URL, readable by its owner only. The password in a file that is there is kept: a second run
// gives the role the one that its service already knows.
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectionOf } from './database-url.ts';

const LINE = /^DATABASE_URL=(.*)$/m;
const fileOf = (folder: string, service: string): string => join(folder, `${service}.env`);

/** null: there is no such file, or no password in it. */
export async function passwordInFile(folder: string, service: string): Promise<string | null> {
  const text = await readFile(fileOf(folder, service), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const url = LINE.exec(text)?.[1];
  return url === undefined ? null : (connectionOf(url).password ?? null);
}

/** Other lines of the file stay. Whole or not at all. Answers its name. */
export async function writeEnvFile(folder: string, service: string, url: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = fileOf(folder, service);
  const before = await readFile(file, 'utf8').catch(() => '');
  const line = `DATABASE_URL=${url}`;
  const text = LINE.test(before) ? before.replace(LINE, () => line) : `${before}${line}\n`;
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await chmod(`${file}.new`, 0o600);
  await rename(`${file}.new`, file);
  return file;
}
