// F23: people are removed and added again all the time while the rooms they are put out of go on. Nothing of a room reaches who is not in it:
// every text holds its room's canary, and the checker looks for it in every frame.
import type { Fault } from '../../fault.ts';
import { sleep, until } from '../../sleep.ts';

const FOR_MS = 8_000;
const LONG_MS = 60_000;
const CALM_MS = 10_000;

export const membershipChurn: Fault = {
  id: 'F23',
  name: 'members removed and added again under load',
  // Who was just removed may still be writing.
  mayRefuse: ['not_member:'],
  async run({ load, random, long, figure, step, check }) {
    const ends = performance.now() + (long ? LONG_MS : FOR_MS);
    const room = load.rooms[1] ?? load.rooms[0] ?? '';
    const inside = load.people.filter((_, index) => load.members[1]?.has(index));
    const changing = random.shuffled(inside).slice(0, Math.max(1, Math.floor(inside.length / 2)));
    step(`${changing.length} people are put out of a room and let in again`);
    const handle = load.owner.parley.room(room);
    let changes = 0;
    const latest: number[] = [];
    const churn = async (index: number): Promise<void> => {
      const person = changing[index];
      const own = random.fork(`churn ${index}`);
      if (person === undefined) return;
      while (performance.now() < ends) {
        await sleep(own.between(50, 400));
        await handle.remove(person.user);
        const removed = performance.now();
        await until(() => !person.parley.state.rooms.has(room), CALM_MS);
        latest.push(Math.round(performance.now() - removed));
        await sleep(own.between(0, 300));
        load.asked(room, person.user);
        await handle.add([person.user]);
        changes += 2;
      }
      await until(() => person.parley.state.rooms.has(room), CALM_MS);
      await person.parley.room(room).open();
    };
    const results = await Promise.allSettled(changing.map((_, index) => churn(index)));
    for (const result of results) if (result.status === 'rejected') check(false, `a change failed: ${String(result.reason)}`);
    figure({ name: 'changes', value: changes, unit: 'count', least: 4 });
    figure({ name: 'the removed know it, max', value: Math.max(0, ...latest), unit: 'ms', most: 2_000 });
  },
};
