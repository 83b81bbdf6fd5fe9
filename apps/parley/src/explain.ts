// An error as an operator reads it: what happened, what to do, and the code. Never a stack, unless it is a bug.
import { ParleyError } from '@parley/protocol';

export function explain(error: unknown): string {
  if (error instanceof ParleyError) {
    const action = error.message === error.row.action ? '' : ` ${error.row.action}`;
    return `${error.message}${action} (${error.code})`;
  }
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return `Something listens on that port already. Set PORT to another one, or stop what is there. (${error.message})`;
  if (code === 'EACCES' || code === 'EPERM') return `Not allowed: ${error.message}. Give this user the folder, or set PARLEY_DATA to one of its own.`;
  if (code === 'ENOENT') return `Not found: ${error.message}`;
  // Errors that are meant for people have a name of their own; anything else is a bug and its stack is wanted.
  return error.name === 'Error' || error.name.endsWith('Error') === false ? error.message : (error.stack ?? error.message);
}
