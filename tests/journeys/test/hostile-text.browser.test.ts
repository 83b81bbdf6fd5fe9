// Text that wants to be code, in every place where people's words are shown: nothing runs, nothing asks, no policy is broken, no page hangs.
import { until } from '@parley/cli';
import { LIMITS } from '@parley/protocol';
import type { Parley } from '@parley/sdk';
import { beforeAll, expect, test } from 'vitest';
import { type Seat, startSite, useStage, whyNot } from '../src/browser.ts';
import { composer, log, message, openRoom, pick, roomLink, say, sees, signUp } from '../src/window.ts';

const RUN = "window.parleyTestComplains('ran what came in a message')";
const CORPUS = [
  `<script>${RUN}</script>`,
  `<img src=x onerror="${RUN}">`,
  `<svg onload="${RUN}"><script>${RUN}</script></svg>`,
  `<iframe srcdoc="<script>parent.${RUN}</script>"></iframe>`,
  `<a href="javascript:${RUN}">html link</a>`,
  `[link](javascript:${RUN})`,
  `[link](JaVaScRiPt:${RUN})`,
  `[link](java\tscript:${RUN})`,
  `[link](&#106;avascript:${RUN})`,
  `[link](vbscript:${RUN})`,
  `[link](data:text/html,<script>${RUN}</script>)`,
  `[link](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)`,
  `![picture](javascript:${RUN})`,
  `![picture](https://tracker.invalid/pixel.png)`,
  `![x](x"onerror="${RUN})`,
  `<javascript:${RUN}>`,
  `[reference]\n\n[reference]: javascript:${RUN}`,
  `[title](https://example.org "onmouseover=${RUN}")`,
  `\`\`\`html"onload="${RUN}\n<script>${RUN}</script>\n\`\`\``,
  `| a | b |\n|---|---|\n| <img src=x onerror=${RUN}> | [c](javascript:${RUN}) |`,
  `<style>*{display:none}</style><link rel=stylesheet href=//evil.invalid/a.css>`,
  `<form action="https://evil.invalid"><input autofocus onfocus="${RUN}"></form>`,
  `"><img src=x onerror=${RUN}>`,
  `{{constructor.constructor('${RUN}')()}} \${${RUN}}`,
  `\u202Egnp.eliforp\u202C \u2066\u2067reversed\u2069 \u200Fאבג`,
  `Z\u0351\u036B\u0343\u036A\u0302\u036B\u033D\u034F\u0334\u0319\u0324\u031E\u0349\u035A\u032F\u031E\u0320\u034Dalgo`,
] as const;

const stage = useStage(startSite);
let mallory: Parley;
let room: string;
let ben: Seat;

beforeAll(async () => {
  if (whyNot() !== null) return;
  mallory = await stage.sdk('mallory', `<img src=x onerror="${RUN}">`.slice(0, LIMITS.displayNameChars));
  await until(mallory, () => mallory.state.rooms.size === 1, 'the owner is in #welcome', 15_000);
  room = [...mallory.state.rooms.keys()][0] ?? '';
  ben = await stage.seat('Ben');
  await signUp(ben, 'ben', `"><svg onload=${RUN}>`.slice(0, LIMITS.displayNameChars));
  await composer(ben).waitFor();
}, 60_000);

/** What the page holds that could run or lead somewhere it should not. */
const dangerous = (seat: Seat): Promise<string[]> =>
  seat.page.evaluate(() => {
    const found: string[] = [];
    for (const element of document.querySelectorAll('#root *, body > *')) {
      for (const { name, value } of element.attributes) {
        if (/^on/i.test(name)) found.push(`${element.tagName} ${name}`);
        if (/^(href|src|action|formaction|xlink:href)$/i.test(name) && !/^(\/|#|https?:|mailto:)/i.test(value.trim()))
          found.push(`${element.tagName} ${name}=${value}`);
      }
      if (/^(iframe|object|embed|style|form)$/i.test(element.tagName) && element.className !== 'composer') found.push(element.tagName);
      if (element.tagName === 'IMG') found.push(`a picture from ${element.getAttribute('src')}`);
    }
    return found;
  });

test('in messages, edits, replies and reactions it stays text', async () => {
  let last = 0;
  for (const text of CORPUS) last = (await mallory.room(room).send(text, last === 0 ? {} : { replyTo: last })).seq ?? 0;
  await mallory.room(room).edit(last, `edited ${CORPUS[1]}`);
  await mallory.room(room).send('the end of the corpus', { replyTo: last });
  await sees(ben, 'the end of the corpus');
  expect(await dangerous(ben)).toEqual([]);
  // All of it is drawn at some time, also what a virtual list has let go of.
  for (let i = 0; i < 12; i++) {
    await log(ben).evaluate((element) => element.scrollBy(0, -element.clientHeight * 0.8));
    await ben.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    expect(await dangerous(ben)).toEqual([]);
  }
  expect(await log(ben).locator('a[href^="javascript" i], a[href^="data" i], a[href^="vbscript" i]').count()).toBe(0);
});

test('typed, sent, edited and quoted by a person it stays text', async () => {
  await say(ben, `my own ${CORPUS[1]}`);
  await sees(ben, 'my own');
  await pick(ben, 'my own', 'Edit message');
  await ben.page.getByRole('textbox', { name: 'Edit message' }).fill(`my own edited ${CORPUS[0]} ${CORPUS[5]}`);
  await ben.page.getByRole('textbox', { name: 'Edit message' }).press('Enter');
  await sees(ben, 'my own edited');
  await pick(ben, 'my own edited', 'Reply');
  await say(ben, 'quoting it');
  await sees(ben, 'quoting it');
  await composer(ben).fill(`draft ${CORPUS[2]}`);
  await composer(ben).fill('');
  expect(await dangerous(ben)).toEqual([]);
});

test('in names and topics of rooms and people it stays text', async () => {
  const name = `<b onclick="${RUN}">room</b>`.slice(0, LIMITS.roomNameChars);
  const made = await mallory.createRoom({ kind: 'channel', name, topic: `${CORPUS[1]} ${CORPUS[5]}`, visibility: 'public' });
  await mallory.room(made.room).send('hello @ben <script>');
  const page = ben.page;
  await page.getByRole('button', { name: 'Add channels' }).click();
  await page.getByRole('menuitem', { name: 'Browse channels' }).click();
  await page.getByRole('dialog', { name: 'Browse channels' }).getByText(name).first().waitFor();
  expect(await dangerous(ben)).toEqual([]);
  await page.keyboard.press('Escape');
  await page.goto(`/r/${made.room}`);
  await page.getByRole('button', { name: 'Join channel' }).click();
  await sees(ben, 'hello @ben');
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(name);
  await page.getByRole('button', { name: /^People, / }).click();
  await page.getByRole('button', { name: 'Room details' }).click();
  expect(await dangerous(ben)).toEqual([]);
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog', { name: 'Go to a room or person' }).waitFor();
  await page.keyboard.type('img');
  await page.keyboard.press('Escape');
  expect(await dangerous(ben)).toEqual([]);
  await openRoom(ben, 'welcome');
});

const BOMBS: readonly (readonly [string, string])[] = [
  ['16 KiB of one word', 'x'.repeat(LIMITS.messageBytes)],
  ['5,000 nested quotes', `${'>'.repeat(5_000)} deep`],
  ['5,000 nested lists', `${'- '.repeat(5_000)} deep`],
  ['5,000 open brackets', '['.repeat(5_000)],
  ['nested links', `${'[a]('.repeat(2_000)}x`],
  ['emphasis that never ends', '*a_ '.repeat(4_000)],
  ['a row of backticks', Array.from({ length: 150 }, (_, i) => '`'.repeat(i)).join(' ')],
  ['a very wide table', `|${'a|'.repeat(2_000)}\n|${'-|'.repeat(2_000)}\n|${'b|'.repeat(2_000)}`],
  ['5,000 lines', 'y\n'.repeat(5_000)],
  ['8,000 tags', '<b>'.repeat(5_000)],
];

test('text that is made to be expensive does not hang the page', async () => {
  for (const [what, text] of BOMBS) {
    await mallory.room(room).send(text.slice(0, LIMITS.messageBytes).trim());
    await mallory.room(room).send(`after ${what}`);
    const began = performance.now();
    await message(ben, `after ${what}`).waitFor();
    await ben.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    expect(performance.now() - began, what).toBeLessThan(3_000);
  }
  // What is wide scrolls in itself, never the page.
  expect(await ben.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
  expect(await log(ben).evaluate((element) => element.scrollWidth - element.clientWidth)).toBeLessThanOrEqual(0);
  await say(ben, 'still here');
  await sees(ben, 'still here');
  await roomLink(ben, 'welcome').waitFor();
}, 90_000);
