// A worker's numbers for Prometheus, read when somebody asks. Labels never name a user or a room.
import type { Metrics } from '@parley/runtime';
import type { Gateway } from '../gateway.ts';

export function watchGateway(gateway: Pick<Gateway, 'stats'>, metrics: Metrics): void {
  metrics.gauge('parley_gateway_sockets', 'Sockets now.', [], () => gateway.stats().sockets);
  metrics.gauge('parley_gateway_users', 'Different people now.', [], () => gateway.stats().users);
  metrics.gauge('parley_gateway_rooms', 'Rooms that somebody here is in.', [], () => gateway.stats().rooms);
  metrics.gauge('parley_gateway_stalled_sockets', 'Sockets that take less than is sent to them.', [], () => gateway.stats().stalled);
  metrics.gauge('parley_gateway_events', 'Events fanned out since the start.', [], () => gateway.stats().events);
  metrics.gauge('parley_gateway_behind', 'Times a socket fell behind since the start.', [], () => gateway.stats().behind);
}
