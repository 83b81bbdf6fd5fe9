// The room that was open last in this browser.

const KEY = 'parley.last-room';

export function lastRoom(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function rememberRoom(room: string): void {
  try {
    localStorage.setItem(KEY, room);
  } catch {
    // Storage may be forbidden: the first room opens instead.
  }
}
