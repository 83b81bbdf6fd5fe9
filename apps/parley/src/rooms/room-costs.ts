// `parley rooms --cost`: which rooms cost a running Parley most, by its own metrics. Shows ids and figures, never names or what is said.
interface Options {
  readonly url: string;
  readonly metricsToken?: string;
  readonly json?: boolean;
}

export interface RoomCost {
  readonly room: string;
  /** Of one core: 0 to 1, of several workers together. */
  readonly cpuShare: number;
  readonly bytesPerSecond: number;
}

const LINE = /^parley_gateway_room_(cpu_share|bytes_per_second)\{room="([0-9a-f-]{36})"\} ([0-9.e+-]+)$/gm;

/** The rooms on a page of metrics, the dearest first. */
export function roomsOnPage(page: string): readonly RoomCost[] {
  const rooms = new Map<string, { cpuShare: number; bytesPerSecond: number }>();
  for (const [, what, room = '', value] of page.matchAll(LINE)) {
    const cost = rooms.get(room) ?? { cpuShare: 0, bytesPerSecond: 0 };
    rooms.set(room, cost);
    cost[what === 'cpu_share' ? 'cpuShare' : 'bytesPerSecond'] = Number(value);
  }
  return [...rooms].map(([room, cost]) => ({ room, ...cost })).sort((a, b) => b.cpuShare - a.cpuShare || b.bytesPerSecond - a.bytesPerSecond);
}

export async function roomCosts({ url, metricsToken, json }: Options): Promise<void> {
  const headers: Record<string, string> = metricsToken === undefined ? {} : { authorization: `Bearer ${metricsToken}` };
  const answer = await fetch(new URL('/metrics', url), { headers, signal: AbortSignal.timeout(5_000) });
  const page = answer.ok ? await answer.text() : '';
  if (!page.includes('parley_gateway_room_'))
    throw new Error(`${url} tells nothing of rooms: it is no gateway, or this machine may not read it (METRICS_TOKEN).`);
  const rooms = roomsOnPage(page);
  if (json === true) return console.log(JSON.stringify({ rooms }));
  console.log(`${'room'.padEnd(36)}  ${'cpu'.padStart(8)}  ${'bytes/s'.padStart(12)}`);
  for (const { room, cpuShare, bytesPerSecond } of rooms)
    console.log(`${room}  ${`${(cpuShare * 100).toFixed(2)} %`.padStart(8)}  ${Math.round(bytesPerSecond).toLocaleString('en').padStart(12)}`);
  if (rooms.length === 0) console.log('Nothing was written to any room in the last minute.');
}
