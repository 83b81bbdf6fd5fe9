// What a fault needs that not every machine has, and why it is not here.
import { existsSync } from 'node:fs';
import { type EngineName, missing } from '@parley/engines';
import { missingPowerCut } from '@parley/engines/testing';
import type { Need } from './fault.ts';

const ENGINES: readonly EngineName[] = ['kafka', 'redis', 'rabbitmq', 'postgres'];
const FAKETIME = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/local/lib', '/usr/lib'].map(
  (folder) => `${folder}/faketime/libfaketime.so.1`,
);

export const faketimeLibrary = (): string | null => FAKETIME.find(existsSync) ?? null;

/** null: every engine can be had. */
export const missingEngines = (): string | null => ENGINES.map(missing).find((why) => why !== null) ?? null;

/** null: it is here. Else why not. */
export function missingNeed(need: Need): string | null {
  switch (need) {
    case 'root':
      return process.getuid?.() === 0 ? null : 'only as root';
    case 'loop devices':
      return missingPowerCut();
    case 'three brokers':
      return null;
    case 'libfaketime':
      return faketimeLibrary() === null ? 'libfaketime is not installed' : null;
  }
}

/** These run in `npm run verify:release` only. */
export const isForRelease = (needs: readonly Need[]): boolean => needs.some((need) => need !== 'libfaketime');
