// What people read of files.
import { describe, expect, test } from 'vitest';
import { fileSize, isPicture, pictureBox, saidBy } from './file-words.ts';

const file = { id: 'f', name: 'a.png', type: 'image/png', bytes: 1, width: 1600, height: 800 };

describe('files', () => {
  test('are as large as people say it', () => {
    expect([0, 1023, 1024, 1536, 10_240, 26_214_400, 3 * 1024 ** 4].map(fileSize)).toEqual([
      '0 bytes',
      '1023 bytes',
      '1.0 KB',
      '1.5 KB',
      '10 KB',
      '25 MB',
      '3072 GB',
    ]);
  });
  test('are shown as pictures only where their place can be kept, and nothing that could be a page is', () => {
    expect(isPicture(file)).toBe(true);
    expect(isPicture({ id: 'f', name: 'a.png', type: 'image/png', bytes: 1 })).toBe(false);
    expect(isPicture({ ...file, type: 'image/svg+xml' })).toBe(false);
  });
  test('keep their shape, are not enlarged, and can always be hit', () => {
    expect(pictureBox(file)).toEqual({ width: 320, height: 160 });
    expect(pictureBox({ ...file, width: 100, height: 60 })).toEqual({ width: 100, height: 60 });
    expect(pictureBox({ ...file, width: 1, height: 9000 })).toEqual({ width: 48, height: 320 });
  });
  test('stand for a message without words', () => {
    expect(saidBy('look', [file])).toBe('look');
    expect(saidBy('', [file])).toBe('a.png');
    expect(saidBy(' ', [file, file, file])).toBe('a.png and 2 more');
    expect(saidBy('', [])).toBe('');
  });
});
