// Files on their way into a message, per room: kept while one looks at other rooms, gone when the message is sent.
import { type Attachment, LIMITS } from '@parley/sdk';
import { useMemo, useSyncExternalStore } from 'react';
import { type Said, saidOf } from '../model/error-words.ts';
import type { Parley } from '../model/shapes.ts';
import { useParley } from '../state/client.tsx';
import { say } from '../ui/toasts.tsx';

export interface Attaching {
  readonly key: number;
  readonly name: string;
  readonly bytes: number;
  readonly sent: number;
  /** null while it is on its way. */
  readonly attachment: Attachment | null;
  readonly problem: Said | null;
}

export interface AttachingList {
  readonly files: readonly Attaching[];
  readonly add: (files: Iterable<File>) => void;
  /** Given up, wherever it is. */
  readonly remove: (key: number) => void;
  /** What the message takes along; the list is then empty. */
  readonly take: () => readonly Attachment[];
}

const NONE: readonly Attaching[] = [];
const lists = new Map<string, readonly Attaching[]>();
const aborts = new Map<number, AbortController>();
const listeners = new Set<() => void>();
let nextKey = 1;

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

function set(place: string, next: readonly Attaching[]): void {
  if (next.length === 0) lists.delete(place);
  else lists.set(place, next);
  for (const listener of listeners) listener();
}

const change = (place: string, key: number, patch: Partial<Attaching>) =>
  set(
    place,
    (lists.get(place) ?? NONE).map((one) => (one.key === key ? { ...one, ...patch } : one)),
  );

function start(parley: Parley, room: string, place: string, file: File): void {
  const key = nextKey++;
  const abort = new AbortController();
  aborts.set(key, abort);
  set(place, [...(lists.get(place) ?? NONE), { key, name: file.name, bytes: file.size, sent: 0, attachment: null, problem: null }]);
  parley
    .upload(room, file, { name: file.name, signal: abort.signal, onProgress: (sent) => change(place, key, { sent }) })
    .then(
      (attachment) => change(place, key, { attachment }),
      (thrown: unknown) => change(place, key, { problem: saidOf(thrown) }),
    )
    .finally(() => aborts.delete(key));
}

export function useAttaching(room: string): AttachingList {
  const parley = useParley();
  // Another person's files must not go out under one's own name.
  const place = `${parley.state.me?.user.id ?? ''}/${room}`;
  const files = useSyncExternalStore(subscribe, () => lists.get(place) ?? NONE);
  return useMemo(
    () => ({
      files,
      add(added) {
        const all = [...added];
        const free = LIMITS.attachments - (lists.get(place) ?? NONE).length;
        if (all.length > free) say(`A message takes ${LIMITS.attachments} files.`);
        for (const file of all.slice(0, Math.max(0, free))) start(parley, room, place, file);
      },
      remove(key) {
        const given = (lists.get(place) ?? NONE).find((one) => one.key === key);
        aborts.get(key)?.abort();
        set(
          place,
          (lists.get(place) ?? NONE).filter((one) => one.key !== key),
        );
        // Nobody else will ask for it; it would be gone in a day by itself.
        if (given?.attachment) parley.call('DELETE', `/api/media/uploads/${given.attachment.id}`).catch(() => {});
      },
      take() {
        const ready = (lists.get(place) ?? NONE).flatMap((one) => (one.attachment === null ? [] : [one.attachment]));
        set(place, NONE);
        return ready;
      },
    }),
    [files, parley, room, place],
  );
}
