// What `parley rooms --cost` reads from a page of metrics: both figures of each room, the dearest first, and nothing of other metrics.
import { expect, test } from 'vitest';
import { roomsOnPage } from './room-costs.ts';

const [LOUD, QUIET] = ['0198c0de-0000-7000-8000-000000000001', '0198c0de-0000-7000-8000-000000000002'];

test('rooms are told with both figures, the dearest first', () => {
  const page = `# HELP parley_gateway_room_cpu_share Of one core.
# TYPE parley_gateway_room_cpu_share gauge
parley_gateway_room_cpu_share{room="${QUIET}"} 1.5e-7
parley_gateway_room_cpu_share{room="${LOUD}"} 0.25
parley_gateway_room_bytes_per_second{room="${LOUD}"} 48114304
parley_gateway_room_bytes_per_second{room="${QUIET}"} 12
parley_gateway_rooms 2
`;
  expect(roomsOnPage(page)).toEqual([
    { room: LOUD, cpuShare: 0.25, bytesPerSecond: 48_114_304 },
    { room: QUIET, cpuShare: 1.5e-7, bytesPerSecond: 12 },
  ]);
});

test('a page without rooms has none', () => {
  expect(roomsOnPage('parley_gateway_rooms 2\n')).toEqual([]);
});
