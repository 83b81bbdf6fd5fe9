// Keys that work everywhere, as one table: the help dialog shows the same rows that are listened to.
import { useEffect, useRef } from 'react';

export interface Shortcut {
  readonly keys: readonly string[];
  readonly words: string;
}

const apple = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.userAgent);
export const MOD = apple ? '⌘' : 'Ctrl';

export const SHORTCUTS: readonly Shortcut[] = [
  { keys: [MOD, 'K'], words: 'Go to a room or person' },
  { keys: ['Alt', '↓'], words: 'Next unread room' },
  { keys: ['Alt', '↑'], words: 'Previous unread room' },
  { keys: ['Esc'], words: 'Mark the room as read and go to the newest message' },
  { keys: ['↑'], words: 'Edit my last message (in an empty box)' },
  { keys: ['↑', '↓'], words: 'Walk through messages (in the timeline)' },
  { keys: ['Enter'], words: 'Open the menu of a message' },
  { keys: ['R'], words: 'Reply to the message' },
  { keys: ['E'], words: 'Edit the message' },
  { keys: ['+'], words: 'React to the message' },
  { keys: ['U'], words: 'Mark unread from the message' },
  { keys: ['@', '#', ':'], words: 'People, rooms and emoji, while writing' },
  { keys: ['?'], words: 'This list' },
];

export interface ShortcutActions {
  readonly switcher: () => void;
  readonly help: () => void;
  readonly walkUnread: (step: 1 | -1) => void;
}

const isWriting = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null;

export function useShortcuts(actions: ShortcutActions): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const act = latest.current;
      // Before any control sees it: Alt+Down on a menu's button would open the menu.
      const taken = () => {
        event.preventDefault();
        event.stopPropagation();
      };
      if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
        taken();
        act.switcher();
      } else if (event.altKey && !event.ctrlKey && !event.metaKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
        taken();
        act.walkUnread(event.key === 'ArrowDown' ? 1 : -1);
      } else if (event.key === '?' && !isWriting(event.target) && document.querySelector('[role=dialog]') === null) {
        taken();
        act.help();
      }
    };
    addEventListener('keydown', pressed, true);
    return () => removeEventListener('keydown', pressed, true);
  }, []);
}
