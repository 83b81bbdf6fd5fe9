// The "new" line: drawn where reading stopped, staying there, moved only by leaving or by a new stretch of unread messages.
import { expect, it } from 'vitest';
import { type Look, type NewLine, nextNewLine } from './new-line.ts';

const look = (mark: number, unread: number, reading = false, room = 'r'): Look => ({ room, mark, unread, reading });
const after = (...looks: Look[]): NewLine | null => looks.reduce<NewLine | null>(nextNewLine, null);

it('is drawn at the mark when a room with unread messages is opened', () => {
  expect(after(look(10, 3))?.readUpTo).toBe(10);
  expect(after(look(10, 0))?.readUpTo).toBeNull();
});
it('stays while the messages below it are read', () => {
  expect(after(look(10, 3), look(13, 0, true))?.readUpTo).toBe(10);
});
it('is not drawn for messages that come while one reads', () => {
  expect(after(look(10, 0, true), look(10, 1, true), look(11, 0, true))?.readUpTo).toBeNull();
});
it('moves to the first message that comes while one is away', () => {
  expect(after(look(10, 3), look(13, 0, true), look(13, 1, false))?.readUpTo).toBe(13);
});
it('does not move with each further message while one is away', () => {
  expect(after(look(10, 0), look(10, 1), look(10, 2))?.readUpTo).toBe(10);
});
it('moves back with "mark unread from here"', () => {
  expect(after(look(10, 0, true), look(4, 5, false))?.readUpTo).toBe(4);
});
it('begins anew in another room', () => {
  expect(after(look(10, 3), look(7, 0, false, 'other'))?.readUpTo).toBeNull();
});
