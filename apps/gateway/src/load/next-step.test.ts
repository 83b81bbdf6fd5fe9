// The ladder's decision, for any load: one step at a time, up at once, down slowly, and at rest when the load is.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { limitsOf } from '../gateway-config.ts';
import { calmState, type LadderState, type LoadSample, nextStep, STEPS } from './next-step.ts';

const limits = limitsOf({ origins: [] }).shedding;
const TOP = STEPS.length - 1;
const CALM: LoadSample = { lateMs: 1, queueBytes: 0 };
const WORST: LoadSample = { lateMs: 5_000, queueBytes: 0 };
const MIB = 1_048_576;

const samples = fc.array(fc.record({ lateMs: fc.double({ min: 0, max: 1_500, noNaN: true }), queueBytes: fc.integer({ min: 0, max: 800 * MIB }) }), {
  minLength: 1,
  maxLength: 300,
});
const run = (list: readonly LoadSample[], from = calmState(limits)): LadderState[] => {
  const states = [from];
  for (const sample of list) states.push(nextStep(states.at(-1) as LadderState, sample, limits));
  return states;
};
const times = (count: number, sample: LoadSample): LoadSample[] => Array.from({ length: count }, () => sample);

test('there is a bound for each step up, and each needs worse than the one before', () => {
  for (const bounds of [limits.lateMs, limits.queueBytes]) {
    expect(bounds.length).toBe(TOP);
    expect([...bounds].sort((a, b) => a - b)).toEqual(bounds);
    expect(new Set(bounds).size).toBe(TOP);
  }
});

test('it goes up one step a sample while it is over, whichever of both is over', () => {
  expect(run(times(7, WORST)).map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 5, 5]);
  expect(run(times(7, { lateMs: 0, queueBytes: 1e12 })).map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 5, 5]);
});

test('it goes down one step after three calm samples, and all the way', () => {
  const top = run(times(TOP, WORST)).at(-1) as LadderState;
  const steps = run(times(TOP * limits.calmSamples, CALM), top).map(({ step }) => step);
  expect(steps.filter((step, i) => step !== steps[i - 1])).toEqual([5, 4, 3, 2, 1, 0]);
  expect(steps.indexOf(4)).toBe(limits.calmSamples);
});

test('a load that is a little over stays at the step that fits it', () => {
  expect(run(times(100, { lateMs: 160, queueBytes: 0 })).at(-1)?.step).toBe(2);
  expect(run(times(100, { lateMs: 0, queueBytes: 130 * MIB })).at(-1)?.step).toBe(1);
});

test('one blip leaves out typing for some seconds and nothing else', () => {
  const steps = run([WORST, ...times(10, CALM)]).map(({ step }) => step);
  expect(Math.max(...steps)).toBe(1);
  expect(steps.at(-1)).toBe(0);
});

test('never more than one step a sample, never out of the ladder, never down without enough calm samples in a row', () => {
  fc.assert(
    fc.property(samples, (list) => {
      const states = run(list);
      for (const [i, sample] of list.entries()) {
        const [before, after] = [states[i] as LadderState, states[i + 1] as LadderState];
        expect(Math.abs(after.step - before.step)).toBeLessThanOrEqual(1);
        expect(after.step).toBeGreaterThanOrEqual(0);
        expect(after.step).toBeLessThanOrEqual(TOP);
        if (after.step > before.step)
          expect(sample.lateMs >= (limits.lateMs[before.step] as number) || sample.queueBytes >= (limits.queueBytes[before.step] as number)).toBe(true);
        if (after.step < before.step) {
          const calm = list.slice(i + 1 - limits.calmSamples, i + 1);
          expect(calm.length).toBe(limits.calmSamples);
          for (const one of calm) expect(one.lateMs * 2 < (limits.lateMs[after.step] as number)).toBe(true);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('under a steady load it comes to rest, from wherever it was, and does not turn round on the way', () => {
  fc.assert(
    fc.property(samples, fc.record({ lateMs: fc.integer({ min: 0, max: 1_000 }), queueBytes: fc.integer({ min: 0, max: 600 * MIB }) }), (before, steady) => {
      const from = run(before).at(-1) as LadderState;
      const steps = run(times(TOP * 60 + 10, steady), from).map(({ step }) => step);
      const moves = steps.slice(1).map((step, i) => step - (steps[i] as number));
      expect(moves.some((move) => move > 0) && moves.some((move) => move < 0)).toBe(false);
      expect(new Set(moves.slice(-10))).toEqual(new Set([0]));
    }),
    { numRuns: 100 },
  );
});

test('a load that comes back whenever typing does is tried again ever more seldom', () => {
  let state = calmState(limits);
  let ups = 0;
  // What is left out is just what is too much.
  for (let i = 0; i < 600; i++) {
    const next = nextStep(state, state.step === 0 ? { lateMs: 120, queueBytes: 0 } : CALM, limits);
    if (next.step > state.step) ups += 1;
    state = next;
  }
  // Without patience: every four samples, 150 times.
  expect(ups).toBeGreaterThan(5);
  expect(ups).toBeLessThan(20);
});

test('after a good minute it is as quick to forgive as at first', () => {
  const tired: LadderState = { step: 0, calm: 0, patience: 48, since: 10 };
  expect(run(times(61, CALM), tired).at(-1)?.patience).toBe(limits.calmSamples);
  expect(run(times(30, CALM), tired).at(-1)?.patience).toBe(48);
});
