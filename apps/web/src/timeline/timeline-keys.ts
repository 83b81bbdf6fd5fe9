// The timeline by keyboard: arrows walk the messages, letters act on the one that has the focus. One message is in the tab order at a time.
import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from 'react';
import type { Row } from '../model/timeline-rows.ts';
import type { MessageActions } from './message-row.tsx';
import type { useTimelineScroll } from './timeline-scroll.ts';

interface KeysInput {
  readonly rows: readonly Row[];
  readonly scroll: ReturnType<typeof useTimelineScroll>;
  readonly actions: MessageActions;
  readonly me: string;
  readonly markUnread: (seq: number) => void;
}

function nextMessage(rows: readonly Row[], from: number, step: 1 | -1): number {
  for (let i = from + step; i >= 0 && i < rows.length; i += step) if (rows[i]?.kind === 'message') return i;
  return from;
}

export function useTimelineKeys({ rows, scroll, actions, me, markUnread }: KeysInput) {
  const [chosen, setChosen] = useState<string | null>(null);
  const wanted = useRef<string | null>(null);
  const lastMessage = rows.findLast((row) => row.kind === 'message')?.key ?? null;
  const shown = scroll.items.some((item) => rows[item.index]?.key === chosen);
  const active = chosen !== null && shown ? chosen : lastMessage;
  useEffect(() => {
    const element = wanted.current === null ? null : scroll.ref.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(wanted.current)}"]`);
    if (element == null) return;
    wanted.current = null;
    element.focus({ preventScroll: true });
  });
  const setActive = useCallback((key: string) => setChosen(key), []);
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof HTMLElement)) return;
    const key = event.target.dataset.key;
    const index = rows.findIndex((row) => row.key === key);
    const row = rows[index];
    if (row?.kind !== 'message') return;
    const walk = (to: number) => {
      const next = rows[to];
      if (next === undefined) return;
      scroll.toIndex(to);
      wanted.current = next.key;
      setChosen(next.key);
    };
    const { view } = row;
    const mine = view.author === me && view.seq !== null;
    const anchor = event.target;
    const found = keyAction(event.key);
    if (found === null) return;
    event.preventDefault();
    found();

    function keyAction(pressed: string): (() => void) | null {
      if (pressed === 'ArrowUp') return () => walk(nextMessage(rows, index, -1));
      if (pressed === 'ArrowDown') return () => walk(nextMessage(rows, index, 1));
      if (pressed === 'End') return scroll.toEnd;
      if (pressed === 'Enter') return () => actions.openMenu({ kind: 'menu', view, anchor });
      if (pressed === 'e' && mine) return () => actions.edit(view);
      const { seq } = view;
      if (seq === null || view.deleted) return null;
      if (pressed === 'r') return () => actions.reply(view);
      if (pressed === '+') return () => actions.openMenu({ kind: 'react', view, anchor });
      if (pressed === 'u') return () => markUnread(seq);
      return null;
    }
  };
  return { active, setActive, onKeyDown };
}

/** Escape, when nothing is open over the room and nothing is being answered or edited. */
export function useEscape(act: () => void): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    // Before others see it: afterwards what was open would be gone already.
    const pressed = (event: globalThis.KeyboardEvent) => {
      const busy = document.querySelector('[role=dialog], [role=menu], [role=listbox], .composer .context') !== null;
      if (event.key === 'Escape' && !busy && !event.isComposing) latest.current();
    };
    addEventListener('keydown', pressed, true);
    return () => removeEventListener('keydown', pressed, true);
  }, []);
}
