// Asks for a secret on the terminal without showing it.
import { ParleyError } from '@parley/protocol';
import { passwordFromEnv } from '../config.ts';

/** From the environment variable PARLEY_PASSWORD, or asked for. Throws ParleyError when there is no terminal to ask on. */
export async function askPassword(question: string): Promise<string> {
  const given = passwordFromEnv();
  if (given !== undefined) return given;
  const { stdin, stderr } = process;
  if (!stdin.isTTY) throw new ParleyError('invalid', 'There is no terminal to ask for the password: set PARLEY_PASSWORD.');
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.resume();
  let typed = '';
  try {
    for await (const chunk of stdin) {
      for (const char of String(chunk)) {
        if (char === '\u0003') throw new ParleyError('invalid', 'Not done: interrupted.');
        if (char === '\r' || char === '\n') return typed;
        typed = char === '\u007f' ? typed.slice(0, -1) : typed + char;
      }
    }
    return typed;
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}
