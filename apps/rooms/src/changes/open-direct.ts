// The one direct room of two people, or of one with oneself ("notes to self"). Pure; that there is only one is kept by a unique key.
import { createHash } from 'node:crypto';
import type { RoomChange } from '@parley/protocol';

const pair = (one: string, other: string): readonly string[] => [...new Set([one, other])].sort();

/** The same for both, whoever asks. A hash, so that no index holds who talks to whom in the clear. */
export const directKey = (one: string, other: string): string => createHash('sha256').update(pair(one, other).join(':')).digest('base64url');

export const openDirect = (caller: string, other: string): readonly RoomChange[] => [
  { type: 'room.created', body: { kind: 'direct', name: null, topic: '', visibility: 'private', history: 'all' } },
  ...pair(caller, other).map((user): RoomChange => ({ type: 'member.joined', body: { user, role: 'member' } })),
];
