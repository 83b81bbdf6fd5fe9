// What an engine's folder remembers of it: its ports and its password, so that clients find it again under the same URL.
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemRng as rng } from '@parley/ports';
import { freePorts } from './ports.ts';

/** The ports of the folder, in the order of `names`; `wanted`: for the first of them. Made once. */
export async function portsOf(folder: string, names: readonly string[], wanted?: number): Promise<readonly number[]> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'ports.json');
  const noted: Record<string, number> = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>) : {};
  const free = await freePorts(names.length);
  const ports = names.map((name, index) => (index === 0 && wanted !== undefined && wanted !== 0 ? wanted : (noted[name] ?? free[index] ?? 0)));
  writeWhole(file, JSON.stringify(Object.fromEntries(names.map((name, index) => [name, ports[index]]))));
  return ports;
}

/** A password that only our user may read. Made once. */
export function passwordOf(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'password');
  // Hexadecimal: it stands in URLs and in configuration files of four tastes.
  if (!existsSync(file)) writeWhole(file, Buffer.from(rng.secret(18), 'base64url').toString('hex'));
  return readFileSync(file, 'utf8').trim();
}

/** Whole or not at all, and for our user's eyes. */
export function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
}
