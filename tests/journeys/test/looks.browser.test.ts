// Rooms full of real talk: imported as an operator does it, scrolled, linked to, judged by axe. With PARLEY_SCREENSHOTS=1 the pictures
// of docs/images are taken from the same windows.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until } from '@parley/cli';
import type { Parley } from '@parley/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PASSWORD, patient, type Seat, startSite, useStage, whyNot } from '../src/browser.ts';
import { CLI } from '../src/program.ts';
import { log, openRoom, signIn } from '../src/window.ts';

const run = promisify(execFile);
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const IMAGES = at('../../../docs/images');
const ROOM = '2005-08-08';
const LONG = 'long-talk';
const PICTURED = 'ubuntu';
/** Pictures to look at, which no page shows. */
const OTHERS = join(tmpdir(), 'parley-pictures');
const LOGS = [ROOM, '2009-02-23'].map((name) => at(`../../../apps/parley/fixtures/irc/${name}.raw.txt`));
const stage = useStage(startSite);
let ann: Parley;
let room: string;
let folder: string | undefined;

beforeAll(async () => {
  if (whyNot() !== null) return;
  ann = await stage.sdk('ann', 'Ann Anderson');
  folder = await mkdtemp(join(tmpdir(), 'parley-logs-'));
  // Several pages of history: the same talk again and again.
  const long = join(folder, `${LONG}.raw.txt`);
  await writeFile(
    long,
    Array(6)
      .fill(await readFile(LOGS[0] ?? '', 'utf8'))
      .join('\n'),
  );
  const { stdout } = await run(process.execPath, [CLI, 'import', 'irc', ...LOGS, long, '--as', 'ann', '--url', stage.site.url, '--json'], {
    env: { ...process.env, PARLEY_PASSWORD: PASSWORD },
    maxBuffer: 1 << 24,
  });
  const { imported } = JSON.parse(stdout) as { imported: { room: string; messages: number; committed: number; replies: number }[] };
  for (const one of imported) expect(one.committed).toBe(one.messages);
  room = imported[0]?.room ?? '';
  await until(ann, () => ann.state.rooms.has(room), 'the imported room', 15_000);
}, 120_000);

afterAll(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

async function sit(options: Parameters<typeof stage.seat>[1] = {}): Promise<Seat> {
  const seat = await stage.seat(`Ann ${JSON.stringify(options)}`, options);
  await signIn(seat, 'ann');
  return seat;
}

/** Two frames: what was asked for is laid out and drawn. */
const drawn = (seat: Seat): Promise<unknown> => seat.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));

interface Moves {
  /** How far what one reads has moved down the screen, all frames together. */
  readonly down: number;
  /** The largest move against the scrolling, in one frame. */
  readonly back: number;
  /** Frames that show nothing of what the frame before showed. */
  readonly torn: number;
}
type Watch = { watch?: { down: number; back: number; torn: number; stop: boolean } };

/** Notes at each frame how far the rows that were there before have moved on the screen. */
const watchRows = (seat: Seat): Promise<void> =>
  log(seat).evaluate((element) => {
    const state = { down: 0, back: 0, torn: 0, stop: false };
    (window as Watch).watch = state;
    let before = new Map<string, number>();
    const look = (): void => {
      const frame = element.getBoundingClientRect();
      const now = new Map<string, number>();
      const moves: number[] = [];
      for (const row of element.querySelectorAll<HTMLElement>('[data-testid="message"]')) {
        const { top, bottom } = row.getBoundingClientRect();
        if (bottom < frame.top || top > frame.bottom) continue;
        const key = row.dataset.key ?? '';
        now.set(key, top);
        const was = before.get(key);
        if (was !== undefined) moves.push(top - was);
      }
      if (before.size > 0 && moves.length === 0) state.torn++;
      before = now;
      const move = moves.sort((a, b) => a - b)[moves.length >> 1] ?? 0;
      state.down += move;
      state.back = Math.max(state.back, -move);
      if (!state.stop) requestAnimationFrame(() => after.port2.postMessage(null));
    };
    // Looked at after the frame is painted: within it sizes are measured and the place is put right.
    const after = new MessageChannel();
    after.port1.onmessage = look;
    look();
  });
const stopWatching = (seat: Seat): Promise<Moves> =>
  seat.page.evaluate(() => {
    const { watch } = window as Watch;
    if (watch === undefined) throw new Error('nothing was watched');
    watch.stop = true;
    return watch;
  });

test('history is scrolled through without a jump while older pages come in', async () => {
  const seat = await sit();
  await openRoom(seat, LONG);
  const first = () => log(seat).getByTestId('message').first().getAttribute('data-seq').then(Number);
  await expect.poll(first, patient).toBeGreaterThan(1);
  // It opens where reading stopped; Escape reads it and goes to its end, from which everything older has to be fetched.
  await seat.page.keyboard.press('Escape');
  const last = [...ann.state.rooms.values()].find((one) => one.summary?.name === LONG)?.seq ?? 0;
  await log(seat).locator(`[data-seq="${last}"]`).waitFor();
  await log(seat).hover();
  await drawn(seat);
  const from = await first();
  await watchRows(seat);
  const step = 300;
  let wheeled = 0;
  while (from - (await first()) < 400 && wheeled < 150 * step) {
    await seat.page.mouse.wheel(0, -step);
    wheeled += step;
    await drawn(seat);
  }
  const moves = await stopWatching(seat);
  expect(from - (await first()), 'it went back through several pages').toBeGreaterThanOrEqual(400);
  // What one reads moves only by scrolling: never back, never further, and no frame is a different place.
  expect(moves.back).toBeLessThanOrEqual(2);
  expect(moves.torn).toBe(0);
  expect(moves.down).toBeLessThanOrEqual(wheeled + 2);
  expect(moves.down).toBeGreaterThan(4_000);
}, 60_000);

test('a link to one message opens the room there, and a quote leads to what it answers', async () => {
  const page = (await ann.call('GET', `/api/rooms/${room}/messages?around=200`)) as {
    messages: { seq: number; text: string | null; replyTo: number | null }[];
  };
  // Some way from the end. Not by number: those who wrote it may join before or after what they wrote is imported, and joining counts too.
  const answer = page.messages.slice(-10).find((one) => one.replyTo !== null);
  expect(answer).toBeDefined();
  const seat = await sit();
  await seat.page.goto(`/r/${room}/m/${answer?.seq}`);
  const linked = log(seat).locator(`[data-seq="${answer?.seq}"]`);
  await linked.waitFor();
  await expect.poll(() => linked.evaluate(inView), patient).toBe(true);
  expect(await linked.locator('.words').textContent()).toBe(answer?.text);
  await linked.locator('.quote').click();
  const target = log(seat).locator(`[data-seq="${answer?.replyTo}"]`);
  await target.waitFor();
  await expect.poll(() => target.evaluate(inView), patient).toBe(true);
  await seat.page.getByRole('button', { name: /^Jump to latest$| new$/ }).click();
  const last = ann.state.rooms.get(room)?.seq ?? 0;
  await expect.poll(() => log(seat).getByTestId('message').last().getAttribute('data-seq').then(Number), patient).toBeGreaterThan(last - 30);
});

function inView(element: Element): boolean {
  const { top, bottom } = element.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}
const axeSource = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe calls serious or critical, with the first elements it means. */
async function barriers(seat: Seat): Promise<string[]> {
  await seat.page.evaluate(await axeSource);
  const { violations } = (await seat.page.evaluate(() =>
    (window as unknown as { axe: { run(context: object, options: object): Promise<unknown> } }).axe.run(
      { exclude: ['[data-base-ui-focus-guard]'] },
      { resultTypes: ['violations'] },
    ),
  )) as AxeResult;
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary?.split('\n')[1] ?? ''}`)}`);
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds no serious barrier at sign-in, in a room, in a menu and in dialogs (${colorScheme})`, async () => {
    const seat = await stage.seat(`Visitor ${colorScheme}`, { colorScheme });
    await seat.page.getByRole('heading', { name: 'Sign in to Parley' }).waitFor();
    expect(await barriers(seat), 'sign-in').toEqual([]);
    await signIn(seat, 'ann');
    await openRoom(seat, ROOM);
    await log(seat).getByTestId('message').nth(5).waitFor();
    expect(await barriers(seat), 'a room').toEqual([]);
    await seat.page.getByRole('button', { name: /^People, / }).click();
    await seat.page
      .getByRole('complementary')
      .or(seat.page.getByRole('region', { name: /People/ }))
      .first()
      .waitFor();
    expect(await barriers(seat), 'with its people').toEqual([]);
    await seat.page.keyboard.press('Control+k');
    await seat.page.getByRole('dialog').waitFor();
    expect(await barriers(seat), 'the switcher').toEqual([]);
    await seat.page.keyboard.press('Escape');
    await seat.page.getByRole('dialog').waitFor({ state: 'hidden' });
    await seat.page.getByRole('button', { name: 'New group' }).click();
    await seat.page.getByRole('dialog', { name: 'New group' }).waitFor();
    expect(await barriers(seat), 'a dialog').toEqual([]);
  }, 60_000);
}

// Not a test that is skipped: without the setting there is none.
if (process.env.PARLEY_SCREENSHOTS === '1') test('the pictures of the documentation are taken', takePictures, 120_000);

async function takePictures(): Promise<void> {
  const bob = await stage.sdk('bob', 'Bob Baker');
  const { room: direct } = await ann.openDirect(bob.state.me?.user.id ?? '');
  await until(bob, () => bob.state.rooms.has(direct), 'the direct room', 15_000);
  await bob.room(direct).send('Did you see the thread about the installer?');
  ann.room(room).markRead();
  // A name that a reader of the README understands.
  await ann.room(room).rename(PICTURED);
  await ann.room(room).setTopic('Help for each other, on IRC in August 2005');
  await bob.room(room).join();
  await bob.room(room).send('Almost twenty years on, and `build-essential` is *still* the answer.');
  const { seq = 0 } = await ann.room(room).send('@bob Some things never change. It works in Parley too:\n```sh\nsudo apt-get install build-essential\n```');
  // Signs that every machine has a font for.
  await bob.room(room).react(seq, '☺');
  await ann.room(room).react(seq - 1, '❤');
  await Promise.all([mkdir(IMAGES, { recursive: true }), mkdir(OTHERS, { recursive: true })]);
  for (const colorScheme of ['light', 'dark'] as const) {
    const visitor = await stage.seat(`Visitor at ${colorScheme}`, { colorScheme, viewport: { width: 1440, height: 900 } });
    await visitor.page.getByRole('button', { name: 'Sign in' }).waitFor();
    await picture(visitor, colorScheme === 'light' ? 'sign-in' : 'other-sign-in-dark');
    for (const [size, width, height] of [
      ['room', 1440, 900],
      ['other-tablet', 1024, 768],
      ['phone', 390, 844],
    ] as const) {
      const phone = size === 'phone';
      const seat = await sit({ colorScheme, viewport: { width, height }, hasTouch: phone, isMobile: phone });
      if (phone) await picture(seat, `other-phone-rooms-${colorScheme}`);
      await openRoom(seat, PICTURED);
      await log(seat).getByTestId('message').nth(5).waitFor();
      // Nothing is pointed at.
      await seat.page.mouse.move(width - 1, height - 1);
      await picture(seat, `${size}-${colorScheme}`);
      if (size !== 'room' || colorScheme !== 'light') continue;
      await seat.page.getByRole('button', { name: /^People, / }).click();
      await drawn(seat);
      await picture(seat, 'other-people-light');
      seat.allow(/ERR_INTERNET_DISCONNECTED|WebSocket connection/);
      await seat.context.setOffline(true);
      await seat.page
        .getByRole('status')
        .filter({ hasText: /Reconnecting|offline/ })
        .waitFor();
      await picture(seat, 'other-reconnecting');
    }
  }
}

const picture = async (seat: Seat, name: string): Promise<void> => {
  await drawn(seat);
  await seat.page.screenshot({ path: join(name.startsWith('other-') ? OTHERS : IMAGES, `${name}.png`) });
};
