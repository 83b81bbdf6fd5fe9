// What people do and see in a window, by the accessible names that apps/web/README.md promises.
import type { Locator } from 'playwright-core';
import { expect } from 'vitest';
import { PASSWORD, patient, type Seat } from './browser.ts';

/** Makes the first account of an installation, or a further one, in the page. */
export async function signUp(seat: Seat, handle: string, name: string): Promise<void> {
  const { page } = seat;
  const owner = page.getByRole('heading', { name: 'Create the owner account' });
  const other = page.getByRole('button', { name: 'Create an account' });
  await owner.or(other).first().waitFor();
  if (await other.isVisible()) await other.click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(handle);
  await page.getByRole('textbox', { name: 'Display name' }).fill(name);
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('navigation', { name: 'Rooms' }).waitFor();
}

export async function signIn(seat: Seat, handle: string): Promise<void> {
  const { page } = seat;
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(handle);
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('navigation', { name: 'Rooms' }).waitFor();
}

export const log = (seat: Seat): Locator => seat.page.getByRole('log');
export const composer = (seat: Seat): Locator => seat.page.getByRole('textbox', { name: 'Message', exact: true });
export const message = (seat: Seat, text: string | RegExp): Locator => log(seat).getByTestId('message').filter({ hasText: text });
/** A room's link in the list; with `unread` only when it says that many, with 0 only when it says none. */
export const roomLink = (seat: Seat, name: string, unread?: number): Locator => {
  const after = unread === undefined ? '(\\W.*)?' : unread === 0 ? '' : `\\W+${unread} unread`;
  return seat.page.getByRole('navigation', { name: 'Rooms' }).getByRole('link', { name: new RegExp(`^${name}${after}$`) });
};

/** Opens a room from the list and waits until its messages are there to be read. */
export async function openRoom(seat: Seat, name: string): Promise<void> {
  await roomLink(seat, name).click();
  await seat.page.getByRole('heading', { level: 1, name }).waitFor();
}

export async function say(seat: Seat, text: string): Promise<void> {
  await composer(seat).fill(text);
  await composer(seat).press('Enter');
}

/** The message is in this window and committed. */
export async function sees(seat: Seat, text: string | RegExp): Promise<void> {
  await expect.poll(() => message(seat, text).first().getAttribute('data-state'), { ...patient, message: `${seat.name} sees ${text}` }).toBe('committed');
}

export interface ShownMessage {
  readonly key: string;
  readonly seq: number | null;
  readonly state: string;
  readonly text: string;
}

/** The messages that are drawn now, in the order in which they stand. */
export const shown = (seat: Seat): Promise<ShownMessage[]> =>
  log(seat)
    .getByTestId('message')
    .evaluateAll((articles) =>
      articles.map((article) => {
        const { key = '', seq, state = '' } = (article as HTMLElement).dataset;
        return { key, seq: seq === undefined ? null : Number(seq), state, text: article.querySelector('.words')?.textContent ?? '' };
      }),
    );

/** Opens a message's menu with the mouse and picks from it. */
export async function pick(seat: Seat, text: string | RegExp, item: string): Promise<void> {
  await message(seat, text).first().hover();
  await message(seat, text).first().getByRole('button', { name: 'More' }).click();
  await seat.page.getByRole('menuitem', { name: item, exact: true }).click();
}
