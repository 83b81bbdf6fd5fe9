// The arithmetic that the verdicts stand on: whatever is dropped, doubled or moved in a stream is counted, and nothing else is.
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { Outbox } from './outbox.ts';
import { RoomPlace, type Step } from './places.ts';

const feed = (from: number, seqs: readonly number[]): { place: RoomPlace; steps: Step[] } => {
  const place = new RoomPlace(from);
  return { place, steps: seqs.map((seq) => place.take(seq)) };
};

describe('the place in a room', () => {
  it('tells a late event from a doubled one, and a hole from an end', () => {
    const { place, steps } = feed(10, [11, 13, 12, 13, 14, 16]);
    expect(steps).toEqual(['next', 'early', 'reordered', 'doubled', 'next', 'early']);
    expect(place.gaps).toBe(1);
    expect(place.lostAt(18)).toBe(3);
    expect(place.resumeFrom).toBe(14);
  });

  it('misses nothing that a snapshot covers', () => {
    const { place } = feed(0, [1, 5]);
    place.jump(3);
    expect(place.gaps).toBe(1);
    place.jump(20);
    expect(place.gaps).toBe(0);
    expect(place.take(21)).toBe('next');
    expect(place.lostAt(21)).toBe(0);
  });

  test.prop([fc.array(fc.constantFrom('pass', 'drop', 'double', 'late'), { maxLength: 60 })])('counts exactly what was done to a stream', (deeds) => {
    const seqs: number[] = [];
    let late: number[] = [];
    deeds.forEach((deed, index) => {
      const seq = index + 1;
      if (deed === 'late') late.push(seq);
      else if (deed !== 'drop') {
        seqs.push(...(deed === 'double' ? [seq, seq] : [seq]), ...late);
        late = [];
      }
    });
    const { place, steps } = feed(0, seqs);
    const of = (step: Step): number => steps.filter((taken) => taken === step).length;
    expect(of('doubled')).toBe(deeds.filter((deed) => deed === 'double').length);
    expect(of('reordered')).toBe(deeds.filter((deed) => deed === 'late').length - late.length);
    expect(place.lostAt(deeds.length)).toBe(deeds.filter((deed) => deed === 'drop').length + late.length);
    expect(place.gaps).toBe(place.lostAt(place.seq));
  });
});

describe('the outbox', () => {
  it('holds what was said until it has its one result, and sees it come under another seq', () => {
    const outbox = new Outbox<string>();
    outbox.add('a', 'hello', 100).accepted = true;
    outbox.add('b', 'again', 200);
    expect(outbox.due(150).map((said) => said.clientId)).toEqual(['a']);
    expect(outbox.left()).toEqual({ accepted: 1, unanswered: 1 });
    expect([outbox.committed('a', 7), outbox.committed('a', 7), outbox.committed('a', 8)]).toEqual(['first', false, 'doubled']);
    expect([outbox.drop('b'), outbox.drop('b')]).toEqual([true, false]);
    expect(outbox.size).toBe(0);
  });
});
