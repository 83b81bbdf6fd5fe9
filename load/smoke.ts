// k6 run load/smoke.ts: is this Parley well, and is nothing lost? PEOPLE sockets in one room, each says LINES lines; every socket must get every
// line once, in the room's order. Bounded: at most 60 s. PARLEY_URL, PARLEY_LOAD_KEY, PEOPLE (20) and LINES (20) may be set.
import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';
import { type Seeded, seed, uuid } from './lib/people.ts';
import { type SummaryData, summarise } from './lib/report.ts';
import { connectSio, type Json } from './lib/sio.ts';

declare const __ENV: Record<string, string | undefined>;

const PEOPLE = Math.min(200, Number(__ENV.PEOPLE ?? 20));
const LINES = Math.min(500, Number(__ENV.LINES ?? 20));
const EVERY_MS = 250;
const DEADLINE_MS = 50_000;

const lost = new Counter('parley_lost');
const duplicate = new Counter('parley_duplicate');
const outOfOrder = new Counter('parley_out_of_order');
const unanswered = new Counter('parley_unanswered');
const delivered = new Counter('parley_delivered');
const connectMs = new Trend('parley_connect_ms');
const ackMs = new Trend('parley_send_ack_ms');
const deliverMs = new Trend('parley_deliver_ms');
const zero = ['count==0'];

export const options = {
  scenarios: { people: { executor: 'per-vu-iterations', vus: PEOPLE, iterations: 1, maxDuration: '60s' } },
  setupTimeout: '60s',
  thresholds: {
    parley_lost: zero,
    parley_duplicate: zero,
    parley_out_of_order: zero,
    parley_unanswered: zero,
    parley_delivered: [`count==${PEOPLE * PEOPLE * LINES}`],
    parley_deliver_ms: ['p(99)<1000'],
  },
};

export function setup(): Seeded {
  const seeded = seed(PEOPLE);
  if (seeded.owner !== null) console.log(`This installation had no owner; the run made one: ${seeded.owner.handle} / ${seeded.owner.password}`);
  // A counter that is never added to has no value, and its threshold would not be judged.
  return seeded;
}

export default function person(seeded: Seeded): void {
  const me = seeded.people[exec.vu.idInTest - 1];
  if (me === undefined) return;
  for (const counter of [lost, duplicate, outOfOrder, unanswered]) counter.add(0);
  const started = Date.now();
  const expected = PEOPLE * LINES;
  let seen = 0;
  let place = -1;
  let said = 0;
  let acked = 0;
  let ticker: ReturnType<typeof setInterval> | undefined;
  const finish = (): void => {
    if (ticker === undefined) return;
    clearInterval(ticker);
    ticker = undefined;
    clearTimeout(deadline);
    lost.add(expected - seen);
    unanswered.add(LINES - acked);
    socket.close();
  };
  const say = (): void => {
    const at = Date.now();
    said++;
    socket.emit('send', { type: 'message.post', room: seeded.room, clientId: uuid(), body: { text: `k6 ${at} ${exec.vu.idInTest} ${said}` } }, (answer) => {
      if (answer.ok === true) acked++;
      ackMs.add(Date.now() - at);
      check();
    });
  };
  const check = (): void => {
    if (seen >= expected && acked >= LINES) finish();
  };
  const event = (payload: Json): void => {
    if (payload.room !== seeded.room) return;
    const seq = Number(payload.seq);
    if (seq <= place) (seq === place ? duplicate : outOfOrder).add(1);
    else if (place >= 0 && seq > place + 1) outOfOrder.add(1);
    place = Math.max(place, seq);
    if (payload.type !== 'message.posted') return;
    seen++;
    delivered.add(1);
    deliverMs.add(Date.now() - Number(String((payload.body as Json).text).split(' ')[1]));
    check();
  };
  const socket = connectSio(seeded.url, me.token, {
    connected: () => {
      connectMs.add(Date.now() - started);
      socket.emit('resume', { me: null, rooms: {} }, (answer) => {
        const rooms = answer.rooms as Record<string, { from: number }> | undefined;
        place = rooms?.[seeded.room]?.from ?? -1;
        // Everybody must be in before anybody speaks: the first line comes 5 s after the test began.
        const wait = Math.max(0, 5000 - (Date.now() - exec.scenario.startTime));
        setTimeout(() => {
          ticker = setInterval(() => (said < LINES ? say() : undefined), EVERY_MS);
        }, wait);
      });
    },
    frame: (name, payload) => {
      if (name === 'event') event(payload);
    },
    closed: () => finish(),
  });
  const deadline = setTimeout(finish, DEADLINE_MS);
}

export function handleSummary(data: SummaryData): Record<string, string> {
  return summarise('smoke', `${PEOPLE} people, ${LINES} lines each; every line must reach every socket once, in order.`, data);
}
