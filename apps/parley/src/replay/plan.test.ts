// A replay must say what the log said, in its order, by people who are in the room.
import { describe, expect, it } from 'vitest';
import type { IrcEntry } from '../irc/parse-irc-log.ts';
import { planReplay, uniqueHandle } from './plan.ts';

const message = (line: number, nick: string, atMs: number): IrcEntry => ({ kind: 'message', line, nick, text: `line ${line}`, atMs });

describe('the plan of a replay', () => {
  it('lets a nick join at its first line, and post after that', () => {
    const plan = planReplay([{ name: 'log', entries: [message(0, 'ann', 0), message(1, 'ann', 10)] }], 60_000);
    expect(plan.steps.map((step) => step.kind)).toEqual(['join', 'post', 'post']);
  });

  it('shortens silences, and never goes back in time', () => {
    const plan = planReplay([{ name: 'log', entries: [message(0, 'ann', 0), message(1, 'ann', 3_600_000), message(2, 'ann', 3_600_500)] }], 60_000);
    expect(plan.steps.map((step) => step.atMs)).toEqual([0, 0, 60_000, 60_500]);
  });

  it('keeps one person through a change of nick, and lets the old nick be somebody else later', () => {
    const rename: IrcEntry = { kind: 'rename', line: 1, nick: 'ann', to: 'anna', atMs: 1 };
    const plan = planReplay([{ name: 'log', entries: [message(0, 'ann', 0), rename, message(2, 'anna', 2), message(3, 'ann', 3)] }], 60_000);
    expect(plan.steps.map((step) => [step.kind, step.person])).toEqual([
      ['join', 0],
      ['post', 0],
      ['rename', 0],
      ['post', 0],
      ['join', 1],
      ['post', 1],
    ]);
  });

  it('leaves a room only when somebody is in it, and joins it again', () => {
    const part: IrcEntry = { kind: 'part', line: 1, nick: 'ann', atMs: 1 };
    const plan = planReplay([{ name: 'log', entries: [part, message(1, 'ann', 2), { ...part, line: 2, atMs: 3 }, message(3, 'ann', 4)] }], 60_000);
    expect(plan.steps.map((step) => step.kind)).toEqual(['join', 'post', 'part', 'join', 'post']);
  });

  it('makes handles that register takes, none twice', () => {
    const taken = new Set<string>();
    const handles = ['|trey|', '[Trey]', 'trey', '^^', 'parley', 'parley.1'].map((nick) => uniqueHandle(nick, taken));
    expect(new Set(handles).size).toBe(handles.length);
    for (const handle of handles) expect(handle).toMatch(/^[a-z0-9][a-z0-9._-]*$/);
    expect(handles).not.toContain('parley');
  });
});
