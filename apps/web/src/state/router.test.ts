// Addresses of places.
import { expect, it } from 'vitest';
import { pathTo, placeOf } from './router.ts';

it('reads back every address that it writes', () => {
  expect(placeOf(pathTo.home)).toEqual({ at: 'home' });
  expect(placeOf(pathTo.room('r1'))).toEqual({ at: 'room', room: 'r1', seq: null, detail: null });
  expect(placeOf(pathTo.message('r1', 7))).toEqual({ at: 'room', room: 'r1', seq: 7, detail: null });
  expect(placeOf(pathTo.detail('r1', 'people'))).toEqual({ at: 'room', room: 'r1', seq: null, detail: 'people' });
  expect(placeOf('/join/abc')).toEqual({ at: 'join', code: 'abc' });
  expect(placeOf('/invite/abc')).toEqual({ at: 'invited', code: 'abc' });
});
it('goes home from what it does not know', () => {
  for (const path of ['/', '/r', '/r/', '/elsewhere', '/join/']) expect(placeOf(path)).toEqual({ at: 'home' });
  expect(placeOf('/r/r1/m/x')).toMatchObject({ room: 'r1', seq: null });
});
