// The clients under `fanout.ts`, in a process of their own: so many sockets, each of another user, counting what they get.
import { connectRaw } from './raw-client.ts';

const [url = '', count = '0'] = process.argv.slice(2);
let events = 0;
/** Opened together; a handshake is several round trips. */
const AT_ONCE = 50;

for (let i = 0; i < Number(count); i += AT_ONCE) {
  const some = Array.from({ length: Math.min(AT_ONCE, Number(count) - i) }, (_, j) => `00000002-0000-7000-8000-${String(i + j).padStart(12, '0')}`);
  await Promise.all(
    some.map((user) =>
      connectRaw(url, user, () => {
        events += 1;
      }),
    ),
  );
}
process.on('message', () => {
  process.send?.({ events });
  events = 0;
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });
