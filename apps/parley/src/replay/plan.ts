// Turns parsed IRC logs into a plan: who does what in which room at which time of the replay. Pure; sends nothing.
import type { IrcEntry } from '../irc/parse-irc-log.ts';

export interface PlannedPerson {
  /** Unique over the plan. */
  readonly handle: string;
  readonly nick: string;
}

export type PlannedStep = {
  /** ms of log time since the replay began, silences capped. */
  readonly atMs: number;
  readonly log: number;
  /** Index into people. */
  readonly person: number;
} & (
  | { readonly kind: 'join' }
  | { readonly kind: 'part' }
  | { readonly kind: 'rename'; readonly to: string }
  | { readonly kind: 'post'; readonly text: string; readonly line: number }
);

export interface Plan {
  readonly logs: readonly string[];
  readonly people: readonly PlannedPerson[];
  /** In time order; steps of one log keep their order. */
  readonly steps: readonly PlannedStep[];
  readonly messages: number;
}

/** `maxSilenceMs`: a longer pause in a log is shortened to this, so that nights do not make a replay wait. */
export function planReplay(logs: readonly { name: string; entries: readonly IrcEntry[] }[], maxSilenceMs: number): Plan {
  const people: PlannedPerson[] = [];
  const handles = new Set<string>();
  const steps: PlannedStep[] = [];
  for (const [log, { entries }] of logs.entries()) {
    const current = new Map<string, number>();
    const inside = new Set<number>();
    const personOf = (nick: string): number => {
      const known = current.get(nick);
      if (known !== undefined) return known;
      const person = people.push({ nick, handle: uniqueHandle(nick, handles) }) - 1;
      current.set(nick, person);
      return person;
    };
    let atMs = 0;
    let lastMs = entries[0]?.atMs ?? 0;
    for (const entry of entries) {
      atMs += Math.min(Math.max(0, entry.atMs - lastMs), maxSilenceMs);
      lastMs = entry.atMs;
      const person = personOf(entry.nick);
      if (entry.kind === 'part') {
        if (inside.delete(person)) steps.push({ atMs, log, person, kind: 'part' });
        continue;
      }
      if (entry.kind === 'rename') {
        current.delete(entry.nick);
        current.set(entry.to, person);
        // A nick that says nothing in this log is nobody's account yet: only its name moves.
        if (inside.has(person)) steps.push({ atMs, log, person, kind: 'rename', to: entry.to });
        continue;
      }
      // Most nicks never "join": their first line is an implicit one.
      if (!inside.has(person)) steps.push({ atMs, log, person, kind: 'join' });
      inside.add(person);
      if (entry.kind === 'message') steps.push({ atMs, log, person, kind: 'post', text: entry.text, line: entry.line });
    }
  }
  // Array.sort is stable, so steps of one log at the same time keep their order.
  const ordered = steps.sort((a, b) => a.atMs - b.atMs);
  return { logs: logs.map(({ name }) => name), people, steps: ordered, messages: ordered.filter((step) => step.kind === 'post').length };
}

/** A handle that register takes, near the nick: what is not a-z, 0-9, dot, dash or underscore becomes a dash. */
export function uniqueHandle(nick: string, taken: Set<string>): string {
  const base =
    nick
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^[^a-z0-9]+/, '')
      .slice(0, 24) || 'nick';
  let handle = base === 'parley' ? 'parley.1' : base;
  for (let n = 2; taken.has(handle); n++) handle = `${base}.${n}`;
  taken.add(handle);
  return handle;
}
