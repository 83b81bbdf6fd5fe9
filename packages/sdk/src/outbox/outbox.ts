// Commands until their results are seen. Persisted before the first try; serial per room in batches, so that order is kept; sent again
// under the same client id until a result is known. Nothing leaves it but by a result, a refusal that is certain, or `drop`.
import { type CommandResult, ERRORS, type ErrorBody, type MemberCommand, ParleyError } from '@parley/protocol';
import type { Observation, OutboxEntry, SdkClock, Storage } from '../api.ts';
import { asParleyError, errorBodyOf, errorFrom, rejectedBody } from '../net/error-of.ts';
import { createLingering } from './lingering.ts';
import { type Entry, fromStored, newEntry, OUTBOX_PREFIX, type StoredEntry, toShown, toStored } from './outbox-entry.ts';

const ACK_TIMEOUT_MS = 10_000;
/** Accepted, but no result: ask again by sending again. */
const RESULT_WAIT_MS = 5_000;
const BATCH = 32;
const RETRY_MS = 1_000;
/** Refusals of a repeat that are waited over, because an earlier try may have been taken. */
const DOUBTS_MOST = 4;

const isAgain = (error: ErrorBody): boolean => ERRORS[error.code].outcome === 'unknown';

export interface OutboxDeps {
  readonly storage: Storage;
  readonly clock: SdkClock;
  readonly newId: () => string;
  readonly observe: (observation: Observation) => void;
  readonly onChange: (entries: readonly OutboxEntry[]) => void;
  readonly onError: (error: ErrorBody) => void;
}

export interface Outbox {
  send(command: MemberCommand): Promise<CommandResult>;
  /** A connection on which commands can be sent; everything not failed is sent again on it. null: there is none. */
  online(request: ((name: string, payload: unknown, timeoutMs: number) => Promise<unknown>) | null): void;
  /**
   * A result, or an own event that stands for one. `shown`: the entry stays in sight until `reached`, because its event is still to
   * come and the message must not vanish between the two.
   */
  result(result: CommandResult, shown?: boolean): void;
  /** The room is followed up to `seq`: what was committed up to there is in the timeline. */
  reached(room: string, seq: number): void;
  retry(clientId: string): void;
  drop(clientId: string): void;
  /** Takes in what is stored: of an earlier process, or of a tab that was closed before its results came. */
  load(): Promise<void>;
  /** Rejects all that wait. The stored entries stay, unless `forget`. */
  end(error: ParleyError, forget: boolean): void;
}

/**
 * The next commands of the room, oldest first, stopping at one that is not on disk yet. New ones go together; a repeat goes alone,
 * because a refusal of it must not let the one behind it overtake.
 */
const nextBatch = (entries: Iterable<Entry>, room: string): Entry[] => {
  const batch: Entry[] = [];
  for (const entry of entries) {
    if (entry.command.room !== room || entry.state === 'failed') continue;
    if (!entry.stored || batch.length === BATCH) break;
    if (!entry.due) continue;
    const repeat = entry.maybe || entry.attempt > 0;
    if (repeat && batch.length > 0) break;
    batch.push(entry);
    if (repeat) break;
  }
  return batch;
};

export function createOutbox(deps: OutboxDeps): Outbox {
  const entries = new Map<string, Entry>();
  const sending = new Set<string>();
  const loads = new Set<Set<string>>();
  const pauses = new Map<string, () => void>();
  let lastOrder = 0;
  let connection: Parameters<Outbox['online']>[0] = null;

  const inOrder = () => [...entries.values()].sort((a, b) => a.order - b.order);
  const show = () => deps.onChange([...lingering.entries(), ...inOrder()].map(toShown));
  const lingering = createLingering(deps.clock, show);
  const store = (entry: Entry) =>
    deps.storage.set(OUTBOX_PREFIX + entry.clientId, toStored(entry)).catch((error: unknown) => deps.onError(asParleyError(error).toBody()));
  const unstore = (entry: Entry) =>
    void deps.storage.delete(OUTBOX_PREFIX + entry.clientId).catch((error: unknown) => deps.onError(asParleyError(error).toBody()));

  const remove = (entry: Entry) => {
    entry.cancelWait();
    entries.delete(entry.clientId);
    for (const ended of loads) ended.add(entry.clientId);
    unstore(entry);
  };
  const fail = (entry: Entry, error: ErrorBody, rejected: boolean) => {
    entry.cancelWait();
    Object.assign(entry, { state: 'failed', error, rejected, due: false });
    void store(entry);
    entry.settle?.reject(errorFrom(error));
    entry.settle = null;
    show();
  };
  const waitForResult = (entry: Entry, ms: number) => {
    entry.cancelWait();
    entry.cancelWait = deps.clock.after(ms, () => {
      entry.due = true;
      pump(entry.command.room);
    });
  };
  const pause = (room: string, ms: number) => {
    pauses.get(room)?.();
    pauses.set(
      room,
      deps.clock.after(ms, () => {
        pauses.delete(room);
        pump(room);
      }),
    );
  };

  function pump(room: string): void {
    const request = connection;
    if (request === null || sending.has(room) || pauses.has(room)) return;
    const batch = nextBatch(entries.values(), room);
    if (batch.length === 0) return;
    sending.add(room);
    void Promise.all(batch.map((entry) => attempt(entry, request))).then((outcomes) => {
      sending.delete(room);
      settleBatch(room, batch, outcomes, request);
      pump(room);
    });
  }

  async function attempt(entry: Entry, request: NonNullable<typeof connection>): Promise<ErrorBody | null> {
    entry.attempt += 1;
    entry.due = false;
    const { command, clientId } = entry;
    deps.observe({ kind: 'invoke', command, attempt: entry.attempt });
    let error: ErrorBody | null;
    try {
      const ack = (await request('send', command, ACK_TIMEOUT_MS)) as { ok?: unknown; error?: unknown } | null;
      error = ack?.ok === true ? null : (errorBodyOf(ack?.error) ?? { code: 'unavailable', message: 'The answer could not be read.' });
    } catch (thrown) {
      error = asParleyError(thrown).toBody();
    }
    if (error === null) {
      entry.maybe = true;
      deps.observe({ kind: 'accepted', room: command.room, clientId });
      if (entry.state === 'sending') {
        entry.state = 'accepted';
        if (entries.get(clientId) === entry) show();
      }
    } else if (isAgain(error)) {
      entry.maybe = true;
      deps.observe({ kind: 'unknown', room: command.room, clientId, error });
    } else deps.observe({ kind: 'refused', room: command.room, clientId, error });
    return error;
  }

  function settleBatch(room: string, batch: readonly Entry[], outcomes: readonly (ErrorBody | null)[], request: typeof connection): void {
    let retryMs: number | null = null;
    const takenAfter = (index: number) => outcomes.some((error, other) => other > index && (error === null || isAgain(error)));
    for (const [index, entry] of batch.entries()) {
      if (entries.get(entry.clientId) !== entry || entry.state === 'failed') continue;
      const error = outcomes[index] ?? null;
      const durable = entry.state === 'accepted';
      if (error === null) waitForResult(entry, RESULT_WAIT_MS);
      else if (isAgain(error) || (ERRORS[error.code].retry && (entry.maybe || !takenAfter(index)))) {
        const ms = error.retryAfterMs ?? RETRY_MS;
        // What is durable holds nobody up; what is not must be taken before anything behind it.
        if (durable) waitForResult(entry, Math.max(ms, RESULT_WAIT_MS));
        else {
          entry.due = true;
          retryMs = Math.max(retryMs ?? 0, ms);
        }
      } else if (!entry.maybe) fail(entry, error, false);
      // An earlier try may have been taken and this one was not: nobody can say which, and in the end the server tells us no more.
      else if (++entry.doubts === DOUBTS_MOST)
        fail(entry, { code: 'unavailable', message: `It is not known whether an earlier try was taken: ${error.message}` }, false);
      else if (durable) waitForResult(entry, RESULT_WAIT_MS);
      else {
        entry.due = true;
        retryMs = RESULT_WAIT_MS;
      }
    }
    // On a new connection everything is due already; the wait was for the old one.
    if (retryMs !== null && connection === request) pause(room, retryMs);
  }

  const add = (command: MemberCommand, settle: Entry['settle']): Entry => {
    const entry = newEntry(command, deps.clock.now(), ++lastOrder, settle);
    entries.set(entry.clientId, entry);
    show();
    void store(entry).then(() => {
      entry.stored = true;
      // A result may have come for a twin in another tab while it was being written.
      if (entries.get(entry.clientId) !== entry) unstore(entry);
      else pump(command.room);
    });
    return entry;
  };

  return {
    send: (command) => new Promise((resolve, reject) => void add(command, { resolve, reject })),
    online(request) {
      connection = request;
      for (const cancel of pauses.values()) cancel();
      pauses.clear();
      const rooms = new Set<string>();
      for (const entry of entries.values()) {
        entry.cancelWait();
        if (entry.state === 'failed') continue;
        entry.due = true;
        rooms.add(entry.command.room);
      }
      if (request !== null) for (const room of rooms) pump(room);
    },
    result(result, shown = false) {
      const entry = entries.get(result.clientId);
      if (entry === undefined || entry.command.room !== result.room) {
        if (!shown) lingering.drop(result.clientId);
      } else if (result.status === 'rejected') {
        if (!entry.rejected) fail(entry, rejectedBody(result.code), true);
      } else {
        remove(entry);
        if (shown) lingering.add(entry, result.seq ?? 0);
        entry.settle?.resolve(result);
        entry.settle = null;
        show();
        pump(entry.command.room);
      }
    },
    reached: lingering.reached,
    retry(clientId) {
      const entry = entries.get(clientId);
      if (entry?.state !== 'failed') return;
      if (entry.rejected) {
        remove(entry);
        add({ ...entry.command, clientId: deps.newId() }, null);
        return;
      }
      // It goes to the end: what was sent after it may be in the room already.
      entries.delete(clientId);
      entries.set(clientId, Object.assign(entry, { state: 'sending', error: null, due: true, doubts: 0, order: ++lastOrder }));
      void store(entry);
      show();
      pump(entry.command.room);
    },
    drop(clientId) {
      const entry = entries.get(clientId);
      if (entry === undefined) return;
      remove(entry);
      entry.settle?.reject(new ParleyError('unavailable', 'It was dropped before its result was known.'));
      show();
    },
    async load() {
      // What ends while the storage is being read must not come back from it.
      const ended = new Set<string>();
      loads.add(ended);
      const stored = (await deps.storage.list(OUTBOX_PREFIX).finally(() => loads.delete(ended))).map(([, value]) => value as StoredEntry);
      for (const kept of stored.sort((a, b) => a.order - b.order)) {
        if (entries.has(kept.clientId) || ended.has(kept.clientId)) continue;
        lastOrder = Math.max(lastOrder, kept.order);
        entries.set(kept.clientId, fromStored(kept));
        pump(kept.command.room);
      }
      show();
    },
    end(error, forget) {
      connection = null;
      for (const cancel of pauses.values()) cancel();
      pauses.clear();
      for (const entry of entries.values()) {
        entry.cancelWait();
        entry.settle?.reject(error);
        entry.settle = null;
        if (forget) unstore(entry);
      }
      entries.clear();
      lingering.clear();
      show();
    },
  };
}
