// Names of files as people gave them, made safe to show and to save under. No path is ever made of them.
import { isSafeFileName, LIMITS } from '@parley/protocol';

/** Longest ending that is kept when a name is cut. */
const ENDING = /\.[A-Za-z0-9]{1,10}$/;

/** The last part of a path without control characters, changes of direction and leading dots, cut to the limit with its ending kept. */
export function cleanName(given: string): string {
  const last = given.toWellFormed().normalize('NFC').split(/[/\\]/).at(-1) ?? '';
  const safe = [...last]
    .filter((sign) => isSafeFileName(sign) || sign === '.')
    .join('')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^\.+/, '')
    .trim();
  return safe === '' ? 'file' : cut(safe);
}

function cut(name: string): string {
  if (name.length <= LIMITS.fileNameChars) return name;
  const ending = ENDING.exec(name)?.[0] ?? '';
  // Never in the middle of a sign of two units.
  return (
    name
      .slice(0, LIMITS.fileNameChars - ending.length)
      .toWellFormed()
      .replaceAll('\ufffd', '') + ending
  );
}

/** `Content-Disposition` for browsers of all ages: plain letters first, then the whole name (RFC 6266). */
export function disposition(kind: 'inline' | 'attachment', name: string): string {
  const plain = name.replace(/[^ -~]|["\\%]/g, '_');
  const whole = encodeURIComponent(name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  return `${kind}; filename="${plain}"; filename*=UTF-8''${whole}`;
}
