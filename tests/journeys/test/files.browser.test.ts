// Files in real windows: attached by one, seen and opened by the other; and what hostile files do in a browser, which is nothing.
import { until } from '@parley/cli';
import type { Parley } from '@parley/sdk';
import { beforeAll, expect, test } from 'vitest';
import { patient, startSite, useStage, whyNot } from '../src/browser.ts';
import { composer, log, message, openRoom, say, sees, signUp } from '../src/window.ts';

const stage = useStage(startSite);
let ann: Parley;
let welcome: string;

beforeAll(async () => {
  if (whyNot() !== null) return;
  ann = await stage.sdk('ann', 'Ann');
  await until(ann, () => ann.state.rooms.size === 1, 'the owner is in #welcome', 15_000);
  welcome = [...ann.state.rooms.keys()][0] ?? '';
}, 60_000);

test('one attaches a picture, the other sees it in its place and opens it', { timeout: 120_000 }, async () => {
  const shots = process.env.PARLEY_TEST_SHOTS;
  const [ben, cora] = [await stage.seat('Ben'), await stage.seat('Cora', { colorScheme: 'dark' })];
  await signUp(ben, 'ben', 'Ben');
  await signUp(cora, 'cora', 'Cora');
  await openRoom(ben, 'welcome');
  await openRoom(cora, 'welcome');
  // Drawn here, so that the test brings no file.
  const drawn = await ben.page.evaluate(() => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [1200, 800];
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('no canvas');
    const sky = context.createLinearGradient(0, 0, 1200, 800);
    sky.addColorStop(0, '#5b4bd6');
    sky.addColorStop(1, '#f0a35e');
    context.fillStyle = sky;
    context.fillRect(0, 0, 1200, 800);
    return canvas.toDataURL('image/png');
  });
  const buffer = Buffer.from(drawn.split(',')[1] ?? '', 'base64');
  const files = [
    { name: 'sunset.png', mimeType: 'image/png', buffer },
    { name: 'minutes of the meeting.txt', mimeType: 'text/plain', buffer: Buffer.from('We met.\n') },
    { name: 'left out.txt', mimeType: 'text/plain', buffer: Buffer.from('no') },
  ];
  await ben.page.getByTestId('file-input').setInputFiles(files);
  const tray = ben.page.getByRole('list', { name: 'Attached files' });
  await expect.poll(() => tray.locator('li[data-state=ready]').count(), patient).toBe(3);
  if (shots !== undefined) await ben.page.screenshot({ path: `${shots}/files-tray.png` });
  await ben.page.getByRole('button', { name: 'Remove left out.txt' }).click();
  await composer(ben).fill('From the balcony');
  await ben.page.getByRole('button', { name: 'Send', exact: true }).click();
  await sees(cora, 'From the balcony');
  expect(await tray.count()).toBe(0);
  const picture = message(cora, 'From the balcony').getByRole('button', { name: 'Open sunset.png' });
  const place = await picture.boundingBox();
  expect([place?.width, Math.round(place?.height ?? 0)]).toEqual([320, 213]);
  await expect
    .poll(
      () =>
        picture
          .locator('img')
          .evaluate((img: HTMLImageElement) => img.naturalWidth)
          .catch(() => 0),
      patient,
    )
    .toBe(512);
  // Its place was kept: nothing has moved.
  expect(await picture.boundingBox()).toEqual(place);
  await message(cora, 'From the balcony').getByRole('button', { name: 'Download minutes of the meeting.txt, 8 bytes' }).waitFor();
  expect(
    await message(cora, 'From the balcony')
      .getByRole('button', { name: /left out/ })
      .count(),
  ).toBe(0);
  if (shots !== undefined) for (const seat of [ben, cora]) await seat.page.screenshot({ path: `${shots}/files-${seat.name}.png` });
  const download = cora.page.waitForEvent('download');
  await message(cora, 'From the balcony')
    .getByRole('button', { name: /^Download minutes/ })
    .click();
  expect((await download).suggestedFilename()).toBe('minutes of the meeting.txt');
  await picture.click();
  const viewer = cora.page.getByRole('dialog', { name: 'sunset.png' });
  await expect
    .poll(
      () =>
        viewer
          .locator('img')
          .evaluate((img: HTMLImageElement) => img.naturalWidth)
          .catch(() => 0),
      patient,
    )
    .toBe(1200);
  if (shots !== undefined) await cora.page.screenshot({ path: `${shots}/files-viewer.png` });
  await cora.page.keyboard.press('Escape');
  await viewer.waitFor({ state: 'hidden' });
  // Words still go as they did.
  await say(cora, 'How lovely');
  await sees(ben, 'How lovely');
});

test('a pasted picture is attached; pasted words are words', async () => {
  const dora = await stage.seat('Dora');
  await signUp(dora, 'dora', 'Dora');
  await openRoom(dora, 'welcome');
  const paste = (words: string | null) =>
    composer(dora).evaluate((box, text) => {
      const data = new DataTransfer();
      data.items.add(new File(['GIF89a'], 'image.gif', { type: 'image/gif' }));
      if (text !== null) data.setData('text/plain', text);
      return box.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    }, words);
  expect(await paste('copied words')).toBe(true);
  expect(await paste(null)).toBe(false);
  await expect.poll(() => dora.page.getByRole('list', { name: 'Attached files' }).locator('li').count(), patient).toBe(1);
});

test('hostile files run nothing: opened, shown as a picture, framed, or loaded as a script', { timeout: 120_000 }, async () => {
  const eve = await stage.seat('Eve');
  // Every refusal below is the browser's own: that is what is wanted.
  eve.allow(/./);
  await signUp(eve, 'eve', 'Eve');
  await openRoom(eve, 'welcome');
  const script = '<script>window.ran = true; parent.ran = true; top.ran = true</script>';
  const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
  const corpus: readonly (readonly [name: string, bytes: Buffer])[] = [
    ['a.svg', Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" onload="window.ran = true">${script}</svg>`)],
    ['b.svg', Buffer.from(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="window.ran = true">${script}</svg>`)],
    ['page.png', Buffer.from(`<!doctype html>${script}`)],
    ['page.html', Buffer.from(`<!doctype html>${script}`)],
    ['code.js', Buffer.from('window.ran = true;')],
    ['both.gif', Buffer.concat([gif, Buffer.from(script)])],
    ['polyglot.gif', Buffer.from('GIF89a=1;window.ran=true;/*')],
  ];
  for (const [name, bytes] of corpus) {
    const attachment = await ann.upload(welcome, new Blob([Uint8Array.from(bytes)]), { name });
    await ann.room(welcome).send(`here is ${name}`, { attachments: [attachment] });
    await expect.poll(() => ann.fileUrl(attachment.id).then(({ url }) => url), patient).toContain(attachment.id);
    const { url } = await ann.fileUrl(attachment.id);
    expect([name, (await fetch(url)).status]).toEqual([name, 200]);
    // On the page's own origin, each way in which a page loads things; the last is going there.
    const tab = await eve.context.newPage();
    await tab.goto('/');
    await tab.evaluate(
      (address) =>
        Promise.all(
          (['img', 'script', 'iframe', 'embed'] as const).map(
            (tag) =>
              new Promise<void>((done) => {
                const element = document.createElement(tag);
                element.onload = element.onerror = () => done();
                setTimeout(done, 400);
                element.src = address;
                document.body.append(element);
              }),
          ),
        ),
      url,
    );
    expect([name, await tab.evaluate(() => 'ran' in window)]).toEqual([name, false]);
    await tab.goto(url).catch(() => {});
    expect([name, await tab.evaluate(() => 'ran' in window)]).toEqual([name, false]);
    await tab.close();
  }
  await expect.poll(() => log(eve).getByText('here is polyglot.gif').count(), patient).toBe(1);
});
