// Gathers what all clients of a replay did and saw. A message that reaches 150 sockets is kept once: equal events share one object.
import { type HistoryRecord, recorder } from '@parley/checker';
import type { AnyRoomEvent } from '@parley/protocol';
import type { Observation } from '@parley/sdk';

export interface Collector {
  readonly history: HistoryRecord[];
  /** The `observe` of one client. */
  observe(client: string, user: () => string): (saw: Observation) => void;
}

/** `now`: monotonic ms, one clock for the whole history. */
export function createCollector(now: () => number): Collector {
  const history: HistoryRecord[] = [];
  const events = new Map<string, unknown>();
  // Shared only when every byte is the same: two clients that were told different things must stay two.
  const share = <T>(event: T): T => {
    const text = JSON.stringify(event);
    const known = events.get(text);
    if (known !== undefined) return known as T;
    events.set(text, event);
    return event;
  };
  const compact = (saw: Observation): Observation => {
    if (saw.kind === 'applied') return { kind: 'applied', event: share<AnyRoomEvent>(saw.event) };
    if (saw.kind === 'frame' && saw.name === 'event') return { kind: 'frame', name: 'event', payload: share(saw.payload) };
    return saw;
  };
  return {
    history,
    observe(client, user) {
      const record = recorder({ client, user, now });
      return (saw) => history.push(record(compact(saw)));
    },
  };
}
