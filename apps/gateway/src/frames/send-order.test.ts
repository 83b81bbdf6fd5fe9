// Order across a failure, one command after the other.
import { createManualClock } from '@parley/ports';
import type { MemberCommand } from '@parley/protocol';
import { expect, it } from 'vitest';
import type { Session } from '../session.ts';
import { SendOrder } from './send-order.ts';

const command = (clientId: string, room = 'a'): MemberCommand => ({ type: 'message.post', room, clientId, body: { text: 'x' } });
const session = (): Session => ({}) as Session;

it('lets nothing overtake a command that failed, until the client repeats one that did', () => {
  const order = new SendOrder(createManualClock(), 1_000);
  const one = session();
  order.check(one, command('1'));
  order.failed(one, command('1'));
  expect(() => order.check(one, command('2'))).toThrow('before this one');
  expect(() => order.check(one, command('3'))).toThrow('before this one');
  order.check(one, command('1'));
  order.check(one, command('2'));
  order.check(one, command('4'));
});

it('takes the repeat of a later one too: the first may have been in the log after all', () => {
  const order = new SendOrder(createManualClock(), 1_000);
  const one = session();
  order.failed(one, command('1'));
  expect(() => order.check(one, command('2'))).toThrow();
  order.check(one, command('2'));
  order.check(one, command('3'));
});

it('holds up only that room of that socket, and no client for ever', async () => {
  const clock = createManualClock();
  const order = new SendOrder(clock, 1_000);
  const one = session();
  order.failed(one, command('1'));
  order.check(one, command('2', 'b'));
  order.check(session(), command('2'));
  await clock.advance(5_001);
  order.check(one, command('9'));
});
