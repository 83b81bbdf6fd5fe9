// The first five minutes: an empty server, the owner's window, a second person's window, and everything two people do in a room.
import { expect, test } from 'vitest';
import { patient, type Seat, startSite, useStage } from '../src/browser.ts';
import { composer, log, message, openRoom, pick, roomLink, say, sees, shown, signUp } from '../src/window.ts';

const stage = useStage(startSite);
let ann: Seat;
let ben: Seat;

test('the first window makes the owner and reads the three messages of #welcome', async () => {
  ann = await stage.seat('Ann');
  await ann.page.getByRole('heading', { name: 'Create the owner account' }).waitFor();
  await signUp(ann, 'ann', 'Ann Anderson');
  await ann.page.getByRole('heading', { level: 1, name: 'welcome' }).waitFor();
  await expect.poll(async () => (await shown(ann)).length, patient).toBe(3);
  await expect
    .poll(
      () =>
        log(ann)
          .getByRole('article', { name: /^Parley, / })
          .count(),
      patient,
    )
    .toBe(3);
  await expect.poll(() => ann.page.title(), patient).toContain('welcome');
});

test('a second window registers, and both talk in #welcome', async () => {
  ben = await stage.seat('Ben');
  await signUp(ben, 'ben', 'Ben Berg');
  await ben.page.getByRole('heading', { level: 1, name: 'welcome' }).waitFor();
  await say(ann, 'Hello Ben, can you read this?');
  await sees(ben, 'Hello Ben, can you read this?');
  await say(ben, 'Loud and clear, Ann.');
  await sees(ann, 'Loud and clear, Ann.');
  expect((await shown(ben)).map(({ key, text }) => [key, text])).toEqual((await shown(ann)).map(({ key, text }) => [key, text]));
});

test('typing is seen, and ends with the message', async () => {
  await composer(ann).pressSequentially('I am thinking');
  const isSeen = async () => {
    // A gateway with too much to do passes over who begins to type, and is told again with the next keys.
    await composer(ann).press('!');
    await composer(ann).press('Backspace');
    return ben.page.getByTestId('typing').textContent();
  };
  await expect.poll(isSeen, patient).toContain('Ann Anderson is typing');
  await composer(ann).press('Enter');
  await sees(ben, 'I am thinking');
  await expect.poll(() => ben.page.getByTestId('typing').textContent(), patient).toBe('');
});

test('an edit, a reaction, a reply and a deletion show the same in both windows', async () => {
  await say(ann, 'Lunch at twelf?');
  await sees(ben, 'Lunch at twelf?');
  await sees(ann, 'Lunch at twelf?');
  await pick(ann, 'Lunch at twelf?', 'Edit message');
  const editing = ann.page.getByRole('textbox', { name: 'Edit message' });
  await expect.poll(() => editing.inputValue(), patient).toBe('Lunch at twelf?');
  await editing.fill('Lunch at twelve?');
  await editing.press('Enter');
  await sees(ben, /Lunch at twelve\?.*\(edited\)/);
  await pick(ben, 'Lunch at twelve?', 'React with 👍');
  for (const seat of [ann, ben])
    await message(seat, 'Lunch at twelve?')
      .getByRole('button', { name: /^👍, 1, / })
      .waitFor();
  expect(
    await message(ben, 'Lunch at twelve?')
      .getByRole('button', { name: /^👍, 1, / })
      .getAttribute('aria-pressed'),
  ).toBe('true');
  await pick(ben, 'Lunch at twelve?', 'Reply');
  await say(ben, 'Twelve is fine.');
  await sees(ann, 'Twelve is fine.');
  await expect.poll(() => message(ann, 'Twelve is fine.').locator('.quote').textContent(), patient).toContain('Lunch at twelve?');
  await say(ann, 'Forget this one');
  await sees(ben, 'Forget this one');
  await sees(ann, 'Forget this one');
  await pick(ann, 'Forget this one', 'Delete message');
  await ann.page.getByRole('dialog', { name: 'Delete this message?' }).getByRole('button', { name: 'Delete' }).click();
  for (const seat of [ann, ben]) await expect.poll(() => message(seat, 'Forget this one').count(), patient).toBe(0);
});

test('what is said while the other room is open counts as unread, and stands under the "new" line', async () => {
  await ben.page.getByRole('button', { name: 'Add channels' }).click();
  await ben.page.getByRole('menuitem', { name: 'Create a channel' }).click();
  const dialog = ben.page.getByRole('dialog', { name: 'Create a channel' });
  await dialog.getByRole('textbox', { name: 'Room name' }).fill('tea');
  await dialog.getByRole('button', { name: 'Create channel' }).click();
  await ben.page.getByRole('heading', { level: 1, name: 'tea' }).waitFor();
  await say(ann, 'first unread');
  await say(ann, 'second unread');
  await roomLink(ben, 'welcome', 2).waitFor();
  await expect.poll(() => ben.page.title(), patient).toMatch(/2/);
  await openRoom(ben, 'welcome');
  await sees(ben, 'second unread');
  // The line stays after the room counts as read, between what was read and what was not.
  await roomLink(ben, 'welcome', 0).waitFor();
  const order = await log(ben).evaluate((element) =>
    [...element.querySelectorAll('[data-testid="new-line"], [data-testid="message"] .words')].map((part) =>
      part instanceof HTMLElement && part.dataset.testid === 'new-line' ? 'NEW' : part.textContent,
    ),
  );
  expect(order.slice(-3)).toEqual(['NEW', 'first unread', 'second unread']);
});
