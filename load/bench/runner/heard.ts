// Asking a child process over IPC: its messages say what they are.
import type { ChildProcess } from 'node:child_process';

/** The next message of this kind. Rejects when the child ends before; `who` names it. */
export function heard<Said extends { readonly said: string }, K extends Said['said']>(
  child: ChildProcess,
  kind: K,
  who: string,
): Promise<Extract<Said, { said: K }>> {
  return new Promise((resolve, reject) => {
    const hear = (message: Said): void => {
      if (message.said !== kind) return;
      child.off('message', hear).off('exit', ended);
      resolve(message as Extract<Said, { said: K }>);
    };
    const ended = (code: number | null): void => reject(new Error(`${who} ended (${code}).`));
    child.on('message', hear);
    child.once('exit', ended);
  });
}
