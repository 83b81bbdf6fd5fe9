// Refuses JSON that is nested too deep before anything recurses over it. Never recurses itself.
import { LIMITS, ParleyError } from '@parley/protocol';

const tooDeep = (max: number): ParleyError => new ParleyError('invalid', `The JSON is nested deeper than ${max} levels.`, { details: { jsonDepth: max } });

/** Throws ParleyError('invalid') when the JSON text is nested deeper than `max`. Counts brackets outside of strings; needs no valid JSON. */
export function checkJsonTextDepth(text: string, max: number = LIMITS.jsonDepth): void {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (inString) {
      if (char === 0x5c) i++;
      else if (char === 0x22) inString = false;
    } else if (char === 0x22) inString = true;
    else if (char === 0x5b || char === 0x7b) {
      if (++depth > max) throw tooDeep(max);
    } else if (char === 0x5d || char === 0x7d) depth--;
  }
}

/** The same for a value that is parsed already (a socket's frame). */
export function checkJsonDepth(value: unknown, max: number = LIMITS.jsonDepth): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue;
      if (depth >= max) throw tooDeep(max);
      for (const child of Object.values(item)) if (typeof child === 'object' && child !== null) next.push(child);
    }
    level = next;
  }
}
