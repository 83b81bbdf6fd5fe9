// A worker's numbers for Prometheus. Labels never name a user, and a room only by its id while it is one of the few that cost most.
import type { Metrics } from '@parley/runtime';
import type { Gateway } from '../gateway.ts';
import type { Meter } from '../rooms/meter.ts';

const ACK_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const SOCKETS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/** What the core counts as it happens. */
export function gatewayMeter(metrics: Metrics): Meter {
  const frames = metrics.counter('parley_gateway_frames_total', 'Frames of clients, by name and by what they were answered.', ['frame', 'outcome']);
  const acks = metrics.histogram('parley_gateway_ack_seconds', 'Time from a send frame to its answer.', ACK_S, ['outcome']);
  const fanout = metrics.histogram('parley_gateway_fanout_sockets', 'Sockets that one flush of one room was written to.', SOCKETS);
  return {
    frame: (frame, outcome) => frames.inc({ frame, outcome }),
    acked: (outcome, ms) => acks.observe({ outcome }, ms / 1_000),
    flushed: (sockets) => fanout.observe(sockets),
  };
}

/** So many rooms have a label of their own. */
export const DEAR_ROOMS = 10;

export function watchGateway(gateway: Pick<Gateway, 'stats' | 'ladder'>, metrics: Metrics): void {
  watchLoad(gateway.ladder, metrics);
  metrics.gauge('parley_gateway_sockets', 'Sockets now.', [], () => gateway.stats().sockets);
  metrics.gauge('parley_gateway_users', 'Different people now.', [], () => gateway.stats().users);
  metrics.gauge('parley_gateway_rooms', 'Rooms that somebody here is in.', [], () => gateway.stats().rooms);
  metrics.gauge('parley_gateway_stalled_sockets', 'Sockets that take less than is sent to them.', [], () => gateway.stats().stalled);
  metrics.watch('parley_gateway_sockets_by_state', 'Sockets by what they are at: new, resumed, stalled or leaving.', ['state'], () =>
    Object.entries(gateway.stats().states).map(([state, value]) => ({ value, labels: { state } })),
  );
  metrics.total('parley_gateway_deliveries_total', 'Events handed to sockets: each event counts once for each socket.', () => gateway.stats().events);
  metrics.total('parley_gateway_flushes_total', 'Flush ticks that wrote something.', () => gateway.stats().flushes);
  metrics.total('parley_gateway_behind_total', 'Times a socket fell behind in a room.', () => gateway.stats().behind);
  metrics.total('parley_gateway_resets_total', 'Times a client was told to begin a room anew.', () => gateway.stats().resets);
  metrics.gauge('parley_gateway_flush_window_seconds', 'How long events wait now to be written together.', [], () => gateway.stats().windowMs / 1_000, 'max');
}

function watchLoad(ladder: Gateway['ladder'], metrics: Metrics): void {
  const view = () => ladder.view();
  metrics.gauge(
    'parley_gateway_shedding_step',
    'What is left out now, of the worker that leaves out most: 0 nothing, 5 all it can.',
    [],
    () => view().step,
    'max',
  );
  metrics.total('parley_gateway_shedding_changes_total', 'Steps of the shedding ladder, up and down.', () => view().changes);
  metrics.gauge('parley_gateway_loop_late_seconds', 'How late the event loop was in the last second, p95.', [], () => view().lateMs / 1_000, 'max');
  metrics.gauge('parley_gateway_queue_bytes', 'Bytes that sockets were sent and have not taken.', [], () => view().queueBytes);
  const ofRooms = (name: string, help: string, what: 'cpuShare' | 'bytesPerSecond'): void =>
    metrics.watch(name, help, ['room'], () => ladder.dearest(DEAR_ROOMS).map((dear) => ({ value: dear[what], labels: { room: dear.room } })));
  ofRooms('parley_gateway_room_cpu_share', 'Of one core, in the last minute: the ten rooms that cost a worker most.', 'cpuShare');
  ofRooms('parley_gateway_room_bytes_per_second', 'Handed to sockets, in the last minute: the same ten rooms.', 'bytesPerSecond');
}
