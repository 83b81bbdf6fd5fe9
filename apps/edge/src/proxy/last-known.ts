// The last good answers to a few questions, for when nobody answers them any more. Bounded in number, size and age.
import type { Clock } from '@parley/ports';

export interface Answer {
  readonly type: string;
  readonly body: Buffer;
}

export interface LastKnown {
  keep(question: string, answer: Answer): void;
  find(question: string): Answer | undefined;
}

const KEPT = 2_000;
const ANSWER_BYTES = 65_536;
const MAX_AGE_MS = 600_000;

export function createLastKnown(clock: Clock): LastKnown {
  const kept = new Map<string, { answer: Answer; at: number }>();
  return {
    keep(question, answer) {
      if (answer.body.length > ANSWER_BYTES) return;
      kept.delete(question);
      kept.set(question, { answer, at: clock.monotonic() });
      // Its first key is the one that was kept longest ago.
      if (kept.size > KEPT) kept.delete(kept.keys().next().value ?? '');
    },
    find(question) {
      const found = kept.get(question);
      if (found === undefined || clock.monotonic() - found.at > MAX_AGE_MS) return undefined;
      return found.answer;
    },
  };
}
