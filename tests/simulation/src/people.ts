// The people of a simulated run: SDK instances on devices, and what they do at random. A page that is loaded again is a new instance over
// the same storage, and a new client in the history.
import { type HistoryRecord, recorder } from '@parley/checker';
import type { ManualClock, Rng } from '@parley/ports';
import { ParleyError } from '@parley/protocol';
import { createParley, memoryStorage, type Parley, type Storage } from '@parley/sdk';
import type { Faults } from './world/faults.ts';
import type { Network } from './world/network.ts';
import { tokenOf } from './world/services.ts';

export interface Device {
  readonly name: string;
  readonly user: string;
  readonly storage: Storage;
  client: string;
  parley: Parley;
  loads: number;
}

export interface PeopleDeps {
  readonly clock: ManualClock;
  readonly rng: Rng;
  readonly faults: Faults;
  readonly network: Network;
  readonly fetch: typeof fetch;
  readonly write: (record: HistoryRecord) => void;
  /** A page was opened, for who looks for a bug. */
  readonly onDevice?: ((device: Device) => void) | undefined;
  /** Monotonic ms, never the same twice. */
  readonly now: () => number;
}

export interface People {
  readonly devices: readonly Device[];
  add(user: string, name: string): Promise<void>;
  /** Closes the page and opens it again. */
  reload(device: Device): Promise<void>;
  /** One thing that a person does. */
  act(device: Device): void;
}

/** Refusals and results are in the history; here nobody waits for them. */
const ignore = (promise: Promise<unknown>): void =>
  void promise.catch((error: unknown) => {
    if (!(error instanceof ParleyError)) throw error;
  });

export function createPeople(deps: PeopleDeps): People {
  const { clock, rng, faults } = deps;
  const devices: Device[] = [];

  const open = async (device: Device): Promise<void> => {
    device.client = `${device.name}.${++device.loads}`;
    const record = recorder({ client: device.client, user: device.user, now: deps.now });
    device.parley = createParley({
      url: 'http://parley.sim',
      storage: device.storage,
      observe: (saw) => deps.write(record(saw)),
      transport: deps.network.transport(device.name),
      fetch: deps.fetch,
      clock: {
        now: () => clock.now(),
        after: (ms, callback) => {
          const timer = clock.after(ms, callback);
          return () => timer.cancel();
        },
      },
      random: () => rng.random(),
      newId: () => rng.id(),
    });
    deps.onDevice?.(device);
    await device.parley.restore();
    ignore(device.parley.connect());
  };

  const anyRoom = (device: Device): string | null => {
    const rooms = [...device.parley.state.rooms.keys()];
    return rooms.length === 0 ? null : faults.pick(rooms);
  };

  const act = (device: Device): void => {
    const id = anyRoom(device);
    if (id === null) return;
    const room = device.parley.room(id);
    const { messages = [], more = false } = device.parley.state.rooms.get(id) ?? {};
    const own = messages.filter((message) => message.author === device.user);
    const any = messages.length > 0 ? faults.pick(messages).seq : null;
    const what = faults.between(1, 100);
    const text = `canary-${id} ${device.client} ${rng.random()}`;
    if (what <= 55) {
      // A burst: commands that go out together must stay in order.
      for (let i = faults.pick([1, 1, 1, 2, 4]); i > 0; i--) ignore(room.send(`${text} ${i}`, any !== null && what < 8 ? { replyTo: any } : {}));
    } else if (what <= 63 && own.length > 0) ignore(room.edit(faults.pick(own).seq, text));
    else if (what <= 67 && own.length > 0) ignore(room.delete(faults.pick(own).seq));
    else if (what <= 75 && any !== null) ignore(room.react(any, faults.pick(['👍', '🎉'])));
    else if (what <= 78 && any !== null) ignore(room.unreact(any, faults.pick(['👍', '🎉'])));
    else if (what <= 86) room.markRead();
    else if (what <= 88 && any !== null) room.markUnread(any);
    else if (what <= 93) ignore(room.open());
    else if (what <= 96 && more) ignore(room.loadOlder());
    else room.typing();
  };

  return {
    devices,
    async add(user, name) {
      const storage = memoryStorage();
      const session = rng.id();
      const person = { id: user, handle: name, name, ver: 1, bot: false };
      const accessToken = tokenOf(user, session, clock.now());
      await storage.set('session', { user: person, role: 'member', session, accessToken, accessExpiresAt: clock.now() + 36_000_000, refreshToken: 'none' });
      const device: Device = { name, user, storage, client: '', parley: null as unknown as Parley, loads: 0 };
      devices.push(device);
      await open(device);
    },
    async reload(device) {
      await device.parley.close();
      await open(device);
    },
    act,
  };
}
