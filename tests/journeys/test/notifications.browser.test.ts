// Notifications as people meet them: what they set stays, what is pushed is shown once by the service worker, and a click opens its message.
import { beforeAll, expect, test } from 'vitest';
import { patient, type Seat, startSite, useStage, whyNot } from '../src/browser.ts';
import { message, say, signUp } from '../src/window.ts';

const stage = useStage(startSite);
let ann: Seat;

beforeAll(async () => {
  if (whyNot() !== null) return;
  ann = await stage.seat('Ann', { permissions: ['notifications'] });
  await signUp(ann, 'ann', 'Ann');
  await say(ann, 'something to come back to');
  await ann.page.locator('[data-testid="message"][data-state="committed"]').filter({ hasText: 'something to come back to' }).first().waitFor();
}, 60_000);

const roomOf = (seat: Seat): string => /\/r\/([0-9a-f-]{36})/.exec(seat.page.url())?.[1] ?? '';

test('quiet hours and the rule of a room are still set after a reload', async () => {
  const { page } = ann;
  const openSettings = async () => {
    await page.getByRole('button', { name: /Your menu/ }).click();
    await page.getByRole('menuitem', { name: 'Settings' }).click();
  };
  await openSettings();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Quiet from').fill('21:15');
  await dialog.getByRole('button', { name: 'Save quiet hours' }).click();
  await dialog.getByText(/it waits until the end/).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Room details' }).click();
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  expect(await page.getByRole('radio', { name: 'Mentions of me' }).isChecked()).toBe(true);
  const saved = page.waitForResponse((response) => response.request().method() === 'PUT' && response.url().endsWith('/notifications'));
  await page.getByRole('radio', { name: 'All messages' }).check();
  expect((await saved).status()).toBe(200);
  await page.reload();
  await expect.poll(() => page.getByRole('radio', { name: 'All messages' }).isChecked(), patient).toBe(true);
  await openSettings();
  expect(await dialog.getByLabel('Quiet from').inputValue()).toBe('21:15');
  await page.keyboard.press('Escape');
});

test('what is pushed is shown once, also when it comes twice or was swept away, and a click opens its message', async () => {
  const { page, context } = ann;
  const room = roomOf(ann);
  const seq = Number(await message(ann, 'something to come back to').getAttribute('data-seq'));
  const cdp = await context.newCDPSession(page);
  const registered = new Promise<string>((resolve) => {
    cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      for (const { registrationId, isDeleted } of registrations) if (!isDeleted) resolve(registrationId);
    });
  });
  await cdp.send('ServiceWorker.enable');
  await page.evaluate(async () => {
    await navigator.serviceWorker.register('/sw.js');
    await navigator.serviceWorker.ready;
  });
  const registrationId = await registered;
  const push = (data: object) => cdp.send('ServiceWorker.deliverPushMessage', { origin: stage.site.url, registrationId, data: JSON.stringify(data) });
  const shown = () =>
    page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      return (await registration.getNotifications()).map(({ tag, title, body }) => ({ tag, title, body }));
    });
  const wanted = { v: 1, room, seq, title: 'Ben in Garden', body: '<b>hello</b>' };
  await push(wanted);
  await push(wanted);
  await push({ v: 1, room: '../../evil', seq: 1, title: 'x', body: 'x' });
  await push({ ...wanted, seq: seq + 1, title: 'Ben' });
  await expect.poll(shown, patient).toEqual([
    { tag: `${room}:${seq}`, title: 'Ben in Garden', body: '<b>hello</b>' },
    { tag: `${room}:${seq + 1}`, title: 'Ben', body: '<b>hello</b>' },
  ]);
  const [worker] = context.serviceWorkers();
  await page.goto('/');
  // The page listens to its service worker when it is there.
  await page.getByRole('heading', { level: 1 }).waitFor();
  await worker?.evaluate(async (tag) => {
    const scope = globalThis as unknown as {
      registration: { getNotifications(filter: object): Promise<unknown[]> };
      NotificationEvent: new (type: string, init: object) => Event;
      dispatchEvent(event: Event): void;
    };
    const [notification] = await scope.registration.getNotifications({ tag });
    scope.dispatchEvent(new scope.NotificationEvent('notificationclick', { notification }));
  }, `${room}:${seq}`);
  await expect.poll(() => new URL(page.url()).pathname, patient).toBe(`/r/${room}/m/${seq}`);
  await expect.poll(async () => (await shown()).length, patient).toBe(1);
  await push(wanted);
  await push({ ...wanted, seq: seq + 2 });
  await expect.poll(async () => (await shown()).map(({ tag }) => tag), patient).toEqual([`${room}:${seq + 1}`, `${room}:${seq + 2}`]);
});
