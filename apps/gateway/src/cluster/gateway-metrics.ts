// A worker's numbers for Prometheus. Labels never name a user or a room.
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

export function watchGateway(gateway: Pick<Gateway, 'stats'>, metrics: Metrics): void {
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
  metrics.gauge('parley_gateway_flush_window_seconds', 'How long events wait now to be written together.', [], () => gateway.stats().windowMs / 1_000);
}
