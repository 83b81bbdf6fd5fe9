// May a server here hold so many sockets? Node and the load client raise their own limit as far as the hard one; that is all they may.
import { readFile } from 'node:fs/promises';

/** Files that a process has open beside its sockets. */
const SPARE = 200;

/** Why not, or null. */
export async function tooFewFiles(sockets: number): Promise<string | null> {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(await readFile('/proc/self/limits', 'utf8'))?.[1];
  if (hard === undefined || hard === 'unlimited' || Number(hard) >= sockets + SPARE) return null;
  return `${sockets} sockets need more open files than ${hard}: run it under prlimit --nofile=${2 * sockets}`;
}
