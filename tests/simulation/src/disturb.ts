// The accidents of a run, each at its own time: what dies, stands still, is cut, is removed. All drawn from the seed.
import type { ManualClock } from '@parley/ports';
import type { People } from './people.ts';
import type { Authority, SimRoom } from './world/authority.ts';
import type { Faults } from './world/faults.ts';
import type { Network } from './world/network.ts';
import type { Services } from './world/services.ts';
import { CRASH_POINTS } from './world/sim-store.ts';

export interface Disturbing {
  readonly clock: ManualClock;
  readonly faults: Faults;
  readonly services: Services;
  readonly network: Network;
  readonly people: People;
  readonly authority: Authority;
  readonly users: readonly string[];
  readonly note: (what: string) => void;
}

type Accident = readonly [weight: number, name: string, happen: (d: Disturbing) => void];

function churn({ authority, faults, users }: Disturbing): void {
  const room: SimRoom = faults.pick(authority.rooms);
  const user = faults.pick(users.filter((one) => one !== room.owner));
  const role = room.members.get(user);
  if (role === undefined) authority.change(room, room.owner, { type: 'member.joined', body: { user, role: 'member' } });
  else if (faults.between(1, 4) === 1)
    authority.change(room, room.owner, { type: 'member.role_changed', body: { user, role: role === 'admin' ? 'member' : 'admin' } });
  else if (faults.between(1, 3) === 1) authority.change(room, user, { type: 'member.left', body: { user } });
  else authority.change(room, room.owner, { type: 'member.removed', body: { user } });
}

/** Stands still while another takes over, goes on as a zombie that thinks it is the owner, and is killed in the end. */
function zombie({ services, clock, faults }: Disturbing): void {
  const worker = services.current();
  // One at a time: two that were started beside each other would both be owners for ever.
  if (worker === null || services.workers.length > 1) return;
  worker.life.pause();
  services.startWorker();
  clock.after(faults.between(50, 2_000), () => worker.life.resume());
  clock.after(faults.between(2_500, 6_000), () => worker.life.kill());
}

const ACCIDENTS: readonly Accident[] = [
  [5, 'membership', churn],
  // Away and back in one go: the hole that no place may reach over.
  [
    2,
    'away and back',
    (d) => {
      churn(d);
      d.clock.after(d.faults.between(1, 400), () => churn(d));
    },
  ],
  [4, 'worker dies at a point', ({ services, faults }) => services.current()?.trap.arm(faults.pick(CRASH_POINTS), faults.between(1, 5))],
  [1, 'worker dies', ({ services }) => services.current()?.life.kill()],
  [2, 'zombie worker', zombie],
  [
    2,
    'gateway dies',
    ({ services, faults }) => {
      if (services.gateways.length > 0) faults.pick(services.gateways).life.kill();
    },
  ],
  [
    1,
    'gateway stands still',
    ({ services, faults, clock }) => {
      if (services.gateways.length === 0) return;
      const { life } = faults.pick(services.gateways);
      life.pause();
      clock.after(faults.between(100, 3_000), () => life.resume());
    },
  ],
  [
    2,
    'feed is cut',
    ({ services, faults }) => {
      if (services.gateways.length > 0) faults.pick(services.gateways).feed.cut(faults.between(50, 4_000));
    },
  ],
  [4, 'client is cut', ({ network, people, faults }) => network.cut(faults.pick(people.devices).name)],
  [2, 'client is slow', ({ network, people, faults }) => network.slow(faults.pick(people.devices).name, faults.between(200, 5_000))],
  [1, 'page is loaded again', ({ people, faults }) => void people.reload(faults.pick(people.devices))],
];

const TOTAL = ACCIDENTS.reduce((sum, [weight]) => sum + weight, 0);

/** One accident. */
export function disturb(d: Disturbing): void {
  let at = d.faults.between(1, TOTAL);
  for (const [weight, name, happen] of ACCIDENTS) {
    at -= weight;
    if (at > 0) continue;
    d.note(name);
    happen(d);
    return;
  }
}
