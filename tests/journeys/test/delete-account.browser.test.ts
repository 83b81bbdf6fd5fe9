// Somebody deletes their account in the page: asked for the password, signed out, gone for the others. The owner is told why they cannot.
import { beforeAll, expect, test } from 'vitest';
import { PASSWORD, patient, type Seat, startSite, useStage, whyNot } from '../src/browser.ts';
import { message, openRoom, say, sees, signUp } from '../src/window.ts';

const stage = useStage(startSite);
let ann: Seat;
let ben: Seat;

beforeAll(async () => {
  if (whyNot() !== null) return;
  ann = await stage.seat('Ann');
  await signUp(ann, 'ann', 'Ann');
  ben = await stage.seat('Ben');
  await signUp(ben, 'ben', 'Ben');
}, 60_000);

async function openSettings({ page }: Seat): Promise<void> {
  await page.getByRole('button', { name: /Your menu/ }).click();
  await page.getByRole('menuitem', { name: 'Settings' }).click();
}

test('the owner of the installation is told why their account stays', async () => {
  await openSettings(ann);
  const region = ann.page.getByRole('region', { name: 'Delete my account' });
  await region.getByText('So your account has to stay').waitFor();
  expect(await region.getByRole('button').count()).toBe(0);
  await ann.page.keyboard.press('Escape');
});

test('an account is deleted by its password only, and its words vanish from the other window', { timeout: 90_000 }, async () => {
  const { page } = ben;
  // The refused password and, after it, what was under way with the ended session.
  ben.allow(/status of 401/);
  await openRoom(ben, 'welcome');
  await openRoom(ann, 'welcome');
  await say(ben, 'words that will go');
  await sees(ann, 'words that will go');
  await openSettings(ben);
  await page.getByRole('button', { name: 'Delete my account…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete your account?' });
  await dialog.getByText('cannot be undone').waitFor();
  await dialog.getByLabel('Your password').fill('not this one');
  await dialog.getByRole('button', { name: 'Delete my account' }).click();
  await dialog.getByRole('alert').waitFor();
  await dialog.getByLabel('Your password').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Delete my account' }).click();
  await page.getByRole('heading', { name: 'Sign in to Parley' }).waitFor();
  await page.getByText('Your account was deleted.').waitFor();
  expect(await page.getByText('session_revoked').count()).toBe(0);
  await expect.poll(() => message(ann, 'words that will go').count(), patient).toBe(0);
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('ben');
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('alert').getByText('invalid_credentials').waitFor();
});
