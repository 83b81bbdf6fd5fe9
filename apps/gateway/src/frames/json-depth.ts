// Nested input is measured without recursion before anything recurses over it.

/** Is no array or object of this JSON nested deeper than `max`? */
export function isShallow(value: unknown, max: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue;
      if (depth >= max) return false;
      // Bytes are leaves: one by one they would be counted as members.
      if (ArrayBuffer.isView(item) || item instanceof ArrayBuffer) continue;
      for (const member of Object.values(item)) next.push(member);
    }
    level = next;
  }
  return true;
}
