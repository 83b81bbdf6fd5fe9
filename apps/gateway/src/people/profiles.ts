// Tells the sockets that show a person when that person's profile changed. Follows the log from its end: who was away asks anew anyway.
import type { Clock, EventLog, LogConsumption } from '@parley/ports';
import { AccountEvent, decodeRecord, TOPICS } from '@parley/protocol';
import type { Logger } from '@parley/runtime';
import type { Codec, ReadyBytes } from '../client-socket.ts';
import type { Session } from '../session.ts';

const RETRY_MS = 1_000;

export interface ProfilesDeps {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly codec: Codec;
  readonly watchersOf: (user: string) => Iterable<Session> | undefined;
}

export class Profiles {
  private readonly deps: ProfilesDeps;
  private consumption: LogConsumption | null = null;
  private stopped = false;
  failing = false;

  constructor(deps: ProfilesDeps) {
    this.deps = deps;
  }

  /** Follows the log; goes on trying by itself when it ends. */
  async start(): Promise<void> {
    if (this.stopped) return;
    try {
      const consumption = await this.deps.log.consume(TOPICS.accountEvent, {
        group: null,
        start: async (partitions, ends) => new Map(ends.partitions.filter((p) => partitions.includes(p.partition)).map((p) => [p.partition, p.next])),
        handle: async (records) => {
          for (const record of records) this.tell(record.value);
        },
      });
      this.consumption = consumption;
      this.failing = false;
      if (this.stopped) return await consumption.stop();
      consumption.ended.catch((error: unknown) => this.again(error));
    } catch (error) {
      this.again(error);
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.consumption?.stop();
  }

  private again(error: unknown): void {
    this.failing = true;
    this.deps.logger.warn({ err: error }, 'changes of profiles are not being followed');
    this.deps.clock.after(RETRY_MS, () => void this.start());
  }

  private tell(record: Uint8Array): void {
    try {
      const event = decodeRecord(AccountEvent, record);
      if (event.type !== 'person.changed') return;
      let bytes: ReadyBytes | null = null;
      for (const session of this.deps.watchersOf(event.user) ?? []) {
        if (!session.canTakeEphemera()) continue;
        bytes ??= this.deps.codec.encode('person', { user: event.user, ver: event.ver });
        session.socket.write(bytes);
      }
    } catch (error) {
      this.deps.logger.error({ err: error }, 'an account event cannot be read');
    }
  }
}
