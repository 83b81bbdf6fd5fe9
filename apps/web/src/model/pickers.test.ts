// Which picker is open at the caret, what it offers, what choosing does.
import { describe, expect, it } from 'vitest';
import { choose, filterOffers, type Offer, openPicker } from './pickers.ts';

const at = (text: string) => openPicker(text, text.length);

describe('openPicker', () => {
  it('opens after the sign and filters by what follows', () => {
    expect(at('hello @gr')).toEqual({ kind: '@', query: 'gr', start: 6, end: 9 });
    expect(at('#')).toMatchObject({ kind: '#', query: '' });
    expect(at('(@ad')).toMatchObject({ query: 'ad' });
  });
  it('stays closed inside words, addresses and after a space', () => {
    for (const text of ['mail@gr', 'a#1', 'hello @gr ', 'https://x.y/@']) expect(at(text)).toBeNull();
  });
  it('waits for two letters after a colon', () => {
    expect(at('well:')).toBeNull();
    expect(at('at 12:30')).toBeNull();
    expect(at(':t')).toBeNull();
    expect(at(':ta')).toMatchObject({ kind: ':', query: 'ta' });
  });
  it('looks only before the caret', () => {
    expect(openPicker('@grace hello', 3)).toEqual({ kind: '@', query: 'gr', start: 0, end: 3 });
  });
});

describe('filterOffers', () => {
  const offer = (label: string, hint: string): Offer => ({ id: label, insert: label, label, hint });
  const people = [offer('Margaret H.', 'mh'), offer('Ada Lovelace', 'ada'), offer('Grace Hopper', 'grace'), offer('Ken', 'h-man')];
  it('puts names that begin with it first, then words, then the rest', () => {
    expect(filterOffers(people, 'h').map((one) => one.label)).toEqual(['Ken', 'Margaret H.', 'Grace Hopper']);
  });
  it('finds by handle and without case', () => {
    expect(filterOffers(people, 'GRA')[0]?.label).toBe('Grace Hopper');
  });
  it('offers everybody, up to the limit, when nothing is typed', () => {
    expect(filterOffers(people, '', 2)).toHaveLength(2);
  });
});

describe('choose', () => {
  it('replaces what was typed and leaves one space behind it', () => {
    expect(choose('hi @gr', { kind: '@', query: 'gr', start: 3, end: 6 }, '@grace')).toEqual({ text: 'hi @grace ', caret: 10 });
  });
  it('does not double a space that is there', () => {
    expect(choose('hi @gr you', { kind: '@', query: 'gr', start: 3, end: 6 }, '@grace')).toEqual({ text: 'hi @grace you', caret: 10 });
  });
});
