// Files in words and sizes: how large they are, which of them are pictures, and what stands for a message that says no words. Pure.

import { oneLine } from '../model/message-text.ts';
import type { Attachment } from '../model/shapes.ts';

const UNITS = ['bytes', 'KB', 'MB', 'GB'] as const;

/** 1 KB is 1024 bytes; one digit behind the point below ten. */
export function fileSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 10 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

const PICTURES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

/** Shown as a picture, when it says how large it is: without that its place could not be kept. */
export const isPicture = ({ type, width, height }: Attachment): boolean => PICTURES.has(type) && width !== undefined && height !== undefined;

/** The longer side on the screen, px; a small picture is not enlarged, a long one is cut. */
const SIDE = 320;
const LEAST = 48;

export function pictureBox({ width = SIDE, height = SIDE }: Attachment): { readonly width: number; readonly height: number } {
  const scale = Math.min(1, SIDE / width, SIDE / height);
  return { width: Math.max(LEAST, Math.round(width * scale)), height: Math.max(LEAST, Math.round(height * scale)) };
}

/** One line for quotes and announcements. */
export function saidBy(text: string, attachments: readonly Attachment[] = []): string {
  if (text.trim() !== '') return oneLine(text);
  const [first, ...others] = attachments;
  if (first === undefined) return '';
  return others.length === 0 ? first.name : `${first.name} and ${others.length} more`;
}
