// An error as an operator reads it: what happened, what to do, and the code. Never a stack, unless it is a bug.
import { ParleyError } from '@parley/protocol';
import { ConfigError } from '@parley/runtime';

/** Nobody there, or somebody who cannot now. */
const unavailable = (message: string): string =>
  message === 'fetch failed'
    ? 'Nothing answers there. Start Parley, or name its address with --url; repeating is safe. (unavailable)'
    : `${message} Try again in a moment; repeating is safe. (unavailable)`;

/** What was wrong with which field, where the answer names fields. */
function fieldsOf(details: unknown): string {
  if (!Array.isArray(details)) return '';
  return details.map(({ field, message }: { field?: unknown; message?: unknown }) => ` ${String(field)}: ${String(message)}.`).join('');
}

export function explain(error: unknown): string {
  if (error instanceof ParleyError) {
    if (error.code === 'unavailable') return unavailable(error.message);
    // The table speaks to programs; these two say in their own message what a person needs.
    const plain = error.message === error.row.action || error.code === 'invalid' || error.code === 'forbidden';
    return `${error.message}${plain ? '' : ` ${error.row.action}`}${fieldsOf(error.details)} (${error.code})`;
  }
  if (!(error instanceof Error)) return String(error);
  if (error instanceof ConfigError) return error.message;
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return `Something listens on that port already. Set PORT to another one, or stop what is there. (${error.message})`;
  if (code === 'EACCES' || code === 'EPERM') return `Not allowed: ${error.message}. Give this user the folder, or set PARLEY_DATA to one of its own.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `This machine has no such address. Set HOST to one it has, or leave it out. (${error.message})`;
  if (code === 'EEXIST' || code === 'ENOTDIR') return `There is a file where a folder is wanted. Set PARLEY_DATA to a folder. (${error.message})`;
  if (code === 'ENOSPC') return `The disk is full. Make room, or set PARLEY_DATA to a larger disk. (${error.message})`;
  if (code === 'EISDIR') return `A file is wanted, and this is a folder: name the files in it. (${error.message})`;
  if (code === 'ENOENT') return `Not found: ${error.message}. Check how it is written.`;
  // Errors that are meant for people have a name of their own; anything else is a bug and its stack is wanted.
  return error.name === 'Error' || error.name.endsWith('Error') === false ? error.message : (error.stack ?? error.message);
}
