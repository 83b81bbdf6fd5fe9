// Short notices that come and go: what went wrong in the background, what was copied. Never the only place of anything that must be acted on.
import { useEffect, useSyncExternalStore } from 'react';
import { saidOf } from '../model/error-words.ts';
import { useParley } from '../state/client.tsx';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly code: string | null;
}

const SHOWN_MS = 5_000;
let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

/** Says something for five seconds. The same words are not said twice at once. */
export function say(text: string, code: string | null = null): void {
  if (toasts.some((toast) => toast.text === text)) return;
  const id = nextId++;
  set([...toasts.slice(-2), { id, text, code }]);
  setTimeout(() => set(toasts.filter((toast) => toast.id !== id)), SHOWN_MS);
}

export function sayProblem(problem: unknown): void {
  const { text, code } = saidOf(problem);
  say(text, code);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Toasts() {
  const parley = useParley();
  const shown = useSyncExternalStore(subscribe, () => toasts);
  useEffect(
    () =>
      parley.on('error', (problem) => {
        // The bar already says that the server is away.
        if (problem.code !== 'unavailable') sayProblem(problem);
      }),
    [parley],
  );
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map((toast) => (
        <div className="toast" key={toast.id}>
          {toast.text} {toast.code !== null && <span className="code-small">{toast.code}</span>}
        </div>
      ))}
    </div>
  );
}
