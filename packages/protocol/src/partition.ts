// Which partition of `room.command` a room lives in. Adapters pass the partition and never use a client library's own partitioner:
// two hashes would split one room over two owners.

/** FNV-1a over the key's UTF-16 units, folded to [0, count). Never change it: it moves rooms. */
export function partitionOf(key: string, count: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) {
    hash ^= key.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0) % count;
}
