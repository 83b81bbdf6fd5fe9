// What a figure was made on and from: the machine in one line, and the commit of the tree.
import { execFile } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';

/** `2 x AMD EPYC 7B13, 24 GiB, Linux 6.18, Node 26.10.0`. */
export function machineLine(): string {
  const cores = cpus();
  const model = (cores[0]?.model ?? 'unknown CPU')
    .replace(/\((?:R|TM)\)|\bProcessor\b|\bCPU\b|@.*$/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  const kernel = release().split('.').slice(0, 2).join('.');
  return `${cores.length} x ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${kernel}, Node ${process.versions.node}`;
}

/** Short commit id, with `+` when a tracked file outside docs differs from it; `unknown` outside a repository. */
export async function commitOf(folder: string): Promise<string> {
  const git = async (...args: readonly string[]): Promise<string> => (await promisify(execFile)('git', ['-C', folder, ...args])).stdout.trim();
  try {
    const id = await git('rev-parse', '--short=8', 'HEAD');
    return (await git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!docs')) === '' ? id : `${id}+`;
  } catch {
    return 'unknown';
  }
}
