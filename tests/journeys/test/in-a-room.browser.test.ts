// One person's window: removed from a room while looking at it, without a mouse, over a reload, in two tabs.
import { until } from '@parley/cli';
import type { Parley } from '@parley/sdk';
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { PASSWORD, patient, startSite, useStage, whyNot } from '../src/browser.ts';
import { composer, message, openRoom, roomLink, say, sees, shown, signIn, signUp } from '../src/window.ts';

const stage = useStage(startSite);
let ann: Parley;
let welcome: string;

beforeAll(async () => {
  if (whyNot() !== null) return;
  ann = await stage.sdk('ann', 'Ann');
  await until(ann, () => ann.state.rooms.size === 1, 'the owner is in #welcome', 15_000);
  welcome = [...ann.state.rooms.keys()][0] ?? '';
}, 60_000);

const idOf = async (handle: string): Promise<string> => (await ann.people.search(handle)).find((person) => person.handle === handle)?.id ?? '';

test('who is removed while looking at a private channel loses sight of it, and nothing later reaches the window', async () => {
  const ben = await stage.seat('Ben');
  await signUp(ben, 'ben', 'Ben');
  const id = await idOf('ben');
  const { room } = await ann.createRoom({ kind: 'channel', name: 'secret-plans', visibility: 'private', members: [id] });
  await openRoom(ben, 'secret-plans');
  await ann.room(room).send('before the removal');
  await sees(ben, 'before the removal');
  await ann.room(room).remove(id);
  await ben.page.getByRole('heading', { level: 1, name: 'secret-plans' }).waitFor({ state: 'hidden' });
  await expect.poll(() => roomLink(ben, 'secret-plans').count(), patient).toBe(0);
  const canary = 'canary-7f3a91';
  await ann.room(room).send(`only for members: ${canary}`);
  await ann.room(room).rename(`renamed-${canary}`);
  // What is said afterwards in a shared room has come: so would the other have.
  await ann.room(welcome).send('after the canary');
  await openRoom(ben, 'welcome');
  await sees(ben, 'after the canary');
  await ben.page.goto(`/r/${room}`);
  await ben.page.getByRole('navigation', { name: 'Rooms' }).waitFor();
  await ben.page.getByRole('heading', { name: 'This room is not here for you' }).waitFor();
  expect(ben.received.length).toBeGreaterThan(5);
  expect(ben.received.filter((frame) => frame.includes(canary))).toEqual([]);
  expect(await ben.page.content()).not.toContain(canary);
  expect(await storedText(ben.page), 'what the browser keeps').not.toContain(canary);
  expect(await storedText(ben.page), 'nor what was said before').not.toContain('before the removal');
});

/** Everything in the page's IndexedDB, as text. */
const storedText = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    let all = '';
    for (const { name = '' } of await indexedDB.databases()) {
      const db = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      for (const store of db.objectStoreNames) {
        const values = await new Promise<unknown[]>((resolve) => {
          const request = db.transaction(store).objectStore(store).getAll();
          request.onsuccess = () => resolve(request.result);
        });
        all += JSON.stringify(values);
      }
      db.close();
    }
    return all;
  });

test('everything of a day can be done by keyboard alone', async () => {
  const cat = await stage.sdk('cat', 'Cat');
  await cat.createRoom({ kind: 'channel', name: 'quiet-corner', visibility: 'public' });
  const seat = await stage.seat('Cat');
  const { page } = seat;
  const keys = page.keyboard;
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '');
  await page.getByRole('heading', { name: 'Sign in to Parley' }).waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('name')), patient).toBe('handle');
  await keys.type('cat');
  await keys.press('Tab');
  await keys.type(PASSWORD);
  await keys.press('Enter');
  await composer(seat).waitFor();

  await keys.press('Control+k');
  await page.getByRole('dialog', { name: 'Go to a room or person' }).waitFor();
  await keys.type('wel');
  await expect.poll(() => page.getByRole('option', { selected: true }).textContent(), patient).toContain('welcome');
  await keys.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'welcome' }).waitFor();

  await expect.poll(focused, patient).toBe('Message');
  await keys.type('typed without a mouze');
  await keys.press('Enter');
  await sees(seat, 'typed without a mouze');
  await keys.press('ArrowUp');
  await expect.poll(() => page.getByRole('textbox', { name: 'Edit message' }).inputValue(), patient).toBe('typed without a mouze');
  await keys.press('Backspace');
  await keys.press('Backspace');
  await keys.type('se');
  await keys.press('Enter');
  await sees(seat, /typed without a mouse.*\(edited\)/);

  // Into the timeline, which is one stop of the Tab key: its newest message has the focus, Enter opens its menu.
  for (let i = 0; i < 12 && !(await focused()).startsWith('Cat, '); i++) await keys.press('Shift+Tab');
  expect(await focused()).toMatch(/^Cat, /);
  await keys.press('Enter');
  await page.getByRole('menu').waitFor();
  await keys.press('ArrowDown');
  await expect.poll(focused, patient).toContain('React with');
  await keys.press('Enter');
  await message(seat, 'typed without a mouse')
    .getByRole('button', { name: /^👍, 1, You/ })
    .waitFor();
  await expect.poll(focused, patient).toMatch(/^Cat, /);
  await keys.press('r');
  await expect.poll(focused, patient).toBe('Message');
  await keys.type('and answered');
  await keys.press('Enter');
  await sees(seat, 'and answered');
  expect(await message(seat, 'and answered').locator('.quote').textContent()).toContain('typed without a mouse');
  await keys.press('Control+k');
  await keys.type('quiet');
  await expect.poll(() => page.getByRole('option', { selected: true }).textContent(), patient).toContain('quiet-corner');
  await keys.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'quiet-corner' }).waitFor();
});

test('a reload keeps the session, and shows the room from the store before the server answers', async () => {
  const seat = await stage.seat('Dan');
  await signUp(seat, 'dan', 'Dan');
  await say(seat, 'kept over the reload');
  await sees(seat, 'kept over the reload');
  await expect.poll(() => storedText(seat.page), patient).toContain('kept over the reload');
  // The server is silent: neither HTTP nor the socket answers until it is let go.
  let letGo = (): void => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  await seat.context.route('**/api/**', async (route) => {
    await held;
    await route.continue().catch(() => {});
  });
  await seat.context.routeWebSocket(/socket\.io/, async (socket) => {
    await held;
    socket.connectToServer();
  });
  await seat.page.reload();
  await message(seat, 'kept over the reload').waitFor();
  await ann.room(welcome).send('said during the reload');
  letGo();
  await sees(seat, 'said during the reload');
  expect((await shown(seat)).filter((row) => row.text === 'kept over the reload')).toHaveLength(1);
});

test('two tabs of one account refresh their tokens once, and end together', async () => {
  const one = await stage.seat('Eve');
  await signUp(one, 'eve', 'Eve');
  const two = await one.tab();
  await composer(two).waitFor();
  await say(one, 'from the first tab');
  await sees(two, 'from the first tab');

  // Both tabs come back after the access token has ended.
  const refreshes: string[] = [];
  one.context.on('request', (request) => request.url().endsWith('/api/accounts/refresh') && refreshes.push(request.method()));
  one.allow(/favicon\.ico/);
  for (const { page } of [one, two]) await page.goto('/favicon.svg');
  await endAccessToken(one.page);
  await Promise.all([one, two].map(({ page }) => page.goto('/')));
  for (const tab of [one, two]) await composer(tab).waitFor();
  await say(two, 'both are back');
  for (const tab of [one, two]) await sees(tab, 'both are back');
  expect(refreshes).toEqual(['POST']);

  // A tab behind another draws seldom.
  await one.page.bringToFront();
  await one.page.getByRole('button', { name: /^Your menu/ }).click();
  await one.page.getByRole('menuitem', { name: 'Sign out' }).click();
  for (const tab of [one, two]) await tab.page.getByRole('heading', { name: 'Sign in to Parley' }).waitFor();
  expect(await storedText(one.page), 'nothing of the account stays behind').not.toContain('both are back');
  await two.page.bringToFront();
  await signIn(two, 'eve');
  await composer(two).waitFor();
});

/** Makes the stored access token one that ended a minute ago, as it is after a night. */
const endAccessToken = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    const [{ name = '' } = {}] = await indexedDB.databases();
    const db = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open(name);
      request.onsuccess = () => resolve(request.result);
    });
    const store = db.transaction('entries', 'readwrite').objectStore('entries');
    const session = await new Promise<Record<string, unknown>>((resolve) => {
      const request = store.get('session');
      request.onsuccess = () => resolve(request.result);
    });
    await new Promise<void>((resolve) => {
      store.put({ ...session, accessExpiresAt: Date.now() - 60_000 }, 'session').onsuccess = () => resolve();
    });
    db.close();
  });
