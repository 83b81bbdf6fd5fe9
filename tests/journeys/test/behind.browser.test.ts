// A room that the server can only send later, as people see it: a quiet word in its header, the messages that were there, and then the rest.
import type { WebSocketRoute } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { patient, type Seat, startSite, useStage, whyNot } from '../src/browser.ts';
import { message, say, sees, signUp } from '../src/window.ts';

const stage = useStage(startSite);
let ann: Seat;
let wire: WebSocketRoute | null = null;
let lives = 0;

beforeAll(async () => {
  if (whyNot() !== null) return;
  ann = await stage.seat('Ann');
  await signUp(ann, 'ann', 'Ann');
  await say(ann, 'before it');
  await message(ann, 'before it').and(ann.page.locator('[data-state=committed]')).waitFor();
  // From here on the test stands between the page and the server.
  await ann.page.routeWebSocket(/\/socket\.io\//, (page) => {
    wire = page;
    const server = page.connectToServer();
    server.onMessage((frame) => {
      if (frame.includes('["live"')) lives += 1;
      page.send(frame);
    });
  });
  await ann.page.reload();
  await message(ann, 'before it').waitFor();
}, 60_000);

test('it says that it is catching up, keeps what it shows, and stops saying so when it is live', async () => {
  const room = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(ann.page.url())?.[0] ?? '';
  const word = ann.page.locator('header').getByText('Catching up…');
  // What is shown may be older than the connection; its own `live` would end what is said here.
  await expect.poll(() => lives, patient).toBeGreaterThan(0);
  expect(await word.count()).toBe(0);
  const head = Number(await message(ann, 'before it').getAttribute('data-seq'));
  wire?.send(`42["behind",${JSON.stringify({ room, head })}]`);
  await word.waitFor();
  expect(await message(ann, 'before it').count()).toBe(1);
  wire?.send(`42["live",${JSON.stringify({ room, seq: head })}]`);
  await word.waitFor({ state: 'detached' });
  await say(ann, 'after it');
  await sees(ann, 'after it');
});
