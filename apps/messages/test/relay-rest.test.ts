// The relay gathers what was said, and does not let wait whoever changed a room.
import { createManualClock } from '@parley/ports';
import type { CommittedEvent } from '@parley/protocol';
import { createLogger } from '@parley/runtime';
import { expect, it } from 'vitest';
import { createFollower } from '../src/follower.ts';
import type { Store } from '../src/store/store.ts';

const event = (pos: number, type: string): CommittedEvent => ({ partition: 0, pos, event: { type } }) as unknown as CommittedEvent;

function world() {
  const clock = createManualClock();
  const handedOn: number[][] = [];
  const follower = createFollower<null>({
    name: 'a relay',
    store: {} as Store,
    clock,
    logger: createLogger({ level: 'silent' }),
    rest: { ms: 100, isUrgent: (committed) => committed.event.type === 'room.renamed' },
    deliver: async (events) => void handedOn.push(events.map(({ pos }) => pos)),
    recall: async () => [],
  });
  follower.takeOver([{ partition: 0, done: 0, target: 0 }]);
  const push = async (pos: number, type = 'message.posted'): Promise<void> => {
    follower.push([event(pos, type)], null, new Map([[0, pos]]));
    await clock.advance(0);
  };
  return { clock, follower, handedOn, push };
}

it('the first event goes at once, and those soon after it go together', async () => {
  const { clock, follower, handedOn, push } = world();
  await push(1);
  expect(handedOn).toEqual([[1]]);
  await push(2);
  await clock.advance(50);
  await push(3);
  expect(handedOn).toEqual([[1]]);
  await clock.advance(50);
  expect(handedOn).toEqual([[1], [2, 3]]);
  expect([follower.done(0), follower.untold()]).toEqual([3, 0]);
  await clock.advance(100);
  await push(4);
  expect(handedOn.at(-1)).toEqual([4]);
});

it('an event that somebody waits for takes along what rests, at once and in order', async () => {
  const { handedOn, push } = world();
  await push(1);
  await push(2);
  await push(3, 'room.renamed');
  expect(handedOn).toEqual([[1], [2, 3]]);
  await push(4);
  expect(handedOn).toHaveLength(2);
});

it('a stop hands on what rests', async () => {
  const { follower, handedOn, push } = world();
  await push(1);
  await push(2);
  await follower.stop();
  expect(handedOn).toEqual([[1], [2]]);
});
