// Away and back, as people see it: a window loses its network, then the server is killed with -9. Both write meanwhile. Afterwards
// everything is there once, in one order, in both windows, and what waited was not drawn anew.
import { beforeAll, expect, test } from 'vitest';
import { patient, type Seat, startKillableSite, useStage, whyNot } from '../src/browser.ts';
import { message, say, sees, shown, signUp } from '../src/window.ts';

const stage = useStage(startKillableSite);
let ann: Seat;
let ben: Seat;
const told: string[] = [];

beforeAll(async () => {
  if (whyNot() !== null) return;
  ann = await stage.seat('Ann');
  await signUp(ann, 'ann', 'Ann');
  ben = await stage.seat('Ben');
  await signUp(ben, 'ben', 'Ben');
  await say(ann, 'before it all');
  await message(ben, 'before it all').waitFor();
  // A cut connection shows in the console: that is what these stories are about.
  for (const seat of [ann, ben]) seat.allow(/ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_(REFUSED|RESET|CLOSED)|ERR_EMPTY_RESPONSE|WebSocket connection to/);
}, 60_000);

/** Without a network the browser itself knows it; without a server the client only tries again. */
const AWAY = /Reconnecting…|You're offline/;
const bar = (seat: Seat, words: string | RegExp) => seat.page.getByRole('status').filter({ hasText: words });
/** Writes without a connection: it waits as an ordinary row. Answers that row as it is drawn. */
async function writeAway(seat: Seat, text: string) {
  await say(seat, text);
  await expect.poll(() => message(seat, text).getAttribute('data-state'), patient).toMatch(/^(sending|accepted)$/);
  const row = await message(seat, text).elementHandle();
  return { row, key: await message(seat, text).getAttribute('data-key') };
}
/** Both windows end up with the same rows in the same order, and with each of these texts once. */
async function agree(texts: readonly string[]): Promise<void> {
  for (const text of texts) for (const seat of [ann, ben]) await sees(seat, text);
  const said = async (seat: Seat) => (await shown(seat)).map(({ key, seq, text, state }) => ({ key, seq, text, state }));
  await expect.poll(async () => JSON.stringify(await said(ben)), patient).toBe(JSON.stringify(await said(ann)));
  const rows = await said(ann);
  for (const text of texts)
    expect(
      rows.filter((row) => row.text === text),
      text,
    ).toHaveLength(1);
  expect(new Set(rows.map((row) => row.key)).size).toBe(rows.length);
  const seqs = rows.map((row) => row.seq ?? -1);
  expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  expect(rows.every((row) => row.state === 'committed')).toBe(true);
}
const sameRow = async (seat: Seat, waiting: Awaited<ReturnType<typeof writeAway>>): Promise<boolean> =>
  (await waiting.row?.evaluate((row, key) => row.isConnected && document.querySelector(`[data-key="${key}"]`) === row, waiting.key)) === true &&
  (await seat.page.locator(`[data-key="${waiting.key}"]`).count()) === 1;

test('a window without network says so, keeps what is written, and misses nothing when it is back', async () => {
  await ben.context.setOffline(true);
  await bar(ben, AWAY).waitFor();
  const waiting = await writeAway(ben, 'written without a network');
  const meanwhile = ['one while Ben is away', 'two while Ben is away', 'three while Ben is away'];
  for (const text of meanwhile) await say(ann, text);
  await sees(ann, meanwhile[2] ?? '');
  expect(await message(ben, 'while Ben is away').count()).toBe(0);
  await ben.context.setOffline(false);
  await sees(ben, 'written without a network');
  expect(await sameRow(ben, waiting), 'the waiting row is the committed one').toBe(true);
  told.push('before it all', ...meanwhile, 'written without a network');
  await agree(told);
  await expect.poll(() => bar(ben, AWAY).count(), patient).toBe(0);
});

test('the server is killed with -9 and comes back: what both wrote meanwhile is committed once', async () => {
  await stage.site.kill();
  for (const seat of [ann, ben]) await bar(seat, 'Reconnecting…').waitFor();
  const texts = ['Ann writes to nobody', 'Ben writes to nobody', 'Ann writes once more'];
  const waiting = [await writeAway(ann, texts[0] ?? ''), await writeAway(ben, texts[1] ?? ''), await writeAway(ann, texts[2] ?? '')] as const;
  await stage.site.restart();
  for (const seat of [ann, ben]) await expect.poll(() => bar(seat, AWAY).count(), { ...patient, timeout: 40_000 }).toBe(0);
  told.push(...texts);
  await agree(told);
  expect(await sameRow(ann, waiting[0])).toBe(true);
  expect(await sameRow(ben, waiting[1])).toBe(true);
  expect(await sameRow(ann, waiting[2])).toBe(true);
}, 150_000);

test('a kill in the middle of a burst loses and doubles none of it', async () => {
  await say(ben, 'the last before the second kill');
  for (const seat of [ann, ben]) await sees(seat, 'the last before the second kill');
  told.push('the last before the second kill');
  // In the middle of sending: whatever was acknowledged is kept, the rest is sent again by the window.
  const burst = Array.from({ length: 8 }, (_, i) => `burst ${i}`);
  for (const text of burst) await say(ben, text);
  await stage.site.kill();
  await stage.site.restart();
  told.push(...burst);
  for (const seat of [ann, ben]) await expect.poll(() => bar(seat, AWAY).count(), { ...patient, timeout: 40_000 }).toBe(0);
  await agree(told);
}, 150_000);
