// The text in the box: the room's draft, or the message that is being edited while the draft waits. Drafts survive switching and reloading.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { RoomState } from '../model/shapes.ts';
import type { Writing } from '../room/room-pane.tsx';
import { useParley } from '../state/client.tsx';

/** Saved this long after the last key press. */
const SAVE_MS = 400;
/** What was typed in this page is newer than what the state has heard of. */
const typed = new Map<string, string>();

export function useDraft(room: RoomState, writing: Writing) {
  const parley = useParley();
  const { id } = room;
  const [draft, setDraft] = useState(() => typed.get(id) ?? room.draft.text);
  const [edited, setEdited] = useState<{ readonly seq: number; readonly text: string } | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const { editing, replyTo } = writing;
  const original = editing === null ? undefined : room.messages.find((message) => message.seq === editing)?.text;
  const text = editing === null ? draft : edited?.seq === editing ? edited.text : (original ?? '');
  const save = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = undefined;
    parley.room(id).saveDraft(typed.get(id) ?? '', replyTo);
  }, [parley, id, replyTo]);
  const setText = useCallback(
    (next: string) => {
      if (editing !== null) return setEdited({ seq: editing, text: next });
      typed.set(id, next);
      setDraft(next);
      clearTimeout(timer.current);
      timer.current = setTimeout(save, SAVE_MS);
    },
    [id, editing, save],
  );
  const clear = useCallback(() => {
    setEdited(null);
    if (editing !== null) return;
    typed.set(id, '');
    setDraft('');
    clearTimeout(timer.current);
    timer.current = undefined;
    parley.room(id).typing(false);
    parley.room(id).saveDraft('', null);
  }, [parley, id, editing]);
  // Another device wrote a draft while nothing was typed here.
  const theirs = room.draft.text;
  useEffect(() => {
    if (!typed.has(id) && theirs !== '') setDraft(theirs);
  }, [id, theirs]);
  useEffect(
    () => () => {
      if (timer.current !== undefined) save();
    },
    [save],
  );
  return { text, setText, clear };
}
