// The gateway's bounds, each with its default. A queue or a rate that is not bounded here does not exist.
import { LIMITS } from '@parley/protocol';
import type { SheddingLimits } from './load/next-step.ts';

export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Rates of one class of client, per user and worker. */
export interface ClassLimits {
  /** `send` frames. */
  readonly send: Rate;
  /** All frames, whatever they are. */
  readonly frames: Rate;
  readonly socketsPerUser: number;
  /** Appends not yet answered, per socket. */
  readonly inFlight: number;
}

export interface GatewayConfig {
  /** Exact origins that may connect beside the server's own host; ['*'] lets every origin in (a development server). */
  readonly origins: readonly string[];
  /** Name of this worker in `hello`. Default: its incarnation id. */
  readonly name?: string;
  /** A stop never takes longer than this. */
  readonly drainMs?: number;
  /** Clients of a stopping worker come back spread over this time. */
  readonly drainSpreadMs?: number;
  /**
   * There are other workers: sockets are said goodbye one by one over this time, served until then, and come back at once.
   * Default 0: all together, and they wait as drainSpreadMs says.
   */
  readonly goodbyeMs?: number;
  readonly queue?: Partial<QueueLimits>;
  readonly rates?: Partial<Record<'person' | 'load', Partial<ClassLimits>>>;
  readonly limits?: Partial<WorkerLimits>;
  readonly shedding?: Partial<SheddingLimits>;
}

export interface QueueLimits {
  /** Above this, typing and presence are left out. */
  readonly softBytes: number;
  /** Above this, rooms fall behind: nothing more is queued. */
  readonly hardBytes: number;
  /** Who asks and never reads the answers fills the queue without any room: closed above this. More than hardBytes and a page of a room. */
  readonly floodBytes: number;
  /** Bytes waiting longer than this make rooms fall behind too. */
  readonly ageMs: number;
  /** A socket that takes nothing for this long is closed. */
  readonly stuckMs: number;
}

export interface WorkerLimits {
  readonly sockets: number;
  /** Handshakes before any token is checked. */
  readonly admission: Rate;
  /** Commands for one room: one hot room must not take the log from the others. */
  readonly roomSends: Rate;
  /** Messages that a user may ask to have followed. */
  readonly userTraces: Rate;
  /** Appends in flight. */
  readonly appends: number;
  /** An append not answered in this time is `unavailable`. */
  readonly appendMs: number;
  /** Frames kept per room, in bytes. */
  readonly ringBytes: number;
  /** A client further behind gets `reset`. */
  readonly resumeEvents: number;
  /** Resumes are collected for this long into one call. */
  readonly resumeWindowMs: number;
  /** A token may be this much too old before its socket is closed. */
  readonly tokenGraceMs: number;
  /** Events wait for company at least this long, ms, however quiet it is. */
  readonly windowMs: number;
  /** A room that nobody here is in is kept subscribed for this long. */
  readonly lingerMs: number;
  /** Heads are compared with messages this often. */
  readonly headsMs: number;
  /** Every user's rooms are compared with messages this often. */
  readonly usersMs: number;
}

export interface Limits {
  readonly origins: readonly string[];
  readonly name: string | null;
  readonly drainMs: number;
  readonly drainSpreadMs: number;
  readonly goodbyeMs: number;
  readonly queue: QueueLimits;
  readonly rates: Readonly<Record<'person' | 'load', ClassLimits>>;
  readonly worker: WorkerLimits;
  readonly shedding: SheddingLimits;
}

const PERSON: ClassLimits = { send: { burst: 40, perSecond: 10 }, frames: { burst: 200, perSecond: 50 }, socketsPerUser: 20, inFlight: 64 };
const LOAD: ClassLimits = { send: { burst: 10_000, perSecond: 5_000 }, frames: { burst: 20_000, perSecond: 10_000 }, socketsPerUser: 1_000, inFlight: 1_000 };

const MIB = 1_048_576;
/**
 * When a worker leaves things out. People notice 100 ms, so below that nothing is left out; a worker at 600 ms serves nobody well, and who comes
 * new does better elsewhere. Bytes: a full socket holds 1 MiB, so 128 MiB are some hundred full ones or a message of a room of 100,000;
 * at 512 MiB the memory of the process is at stake.
 */
const SHEDDING: SheddingLimits = {
  lateMs: [100, 150, 200, 300, 600],
  queueBytes: [128 * MIB, 192 * MIB, 256 * MIB, 384 * MIB, 512 * MIB],
  calmSamples: 3,
  presenceMs: [2_000, 5_000],
  windowMs: 25,
};

/** The configuration with every default filled in. */
export const limitsOf = (config: GatewayConfig): Limits => ({
  origins: config.origins,
  name: config.name ?? null,
  drainMs: config.drainMs ?? 10_000,
  drainSpreadMs: config.drainSpreadMs ?? 5_000,
  goodbyeMs: config.goodbyeMs ?? 0,
  queue: { softBytes: 65_536, hardBytes: 1_048_576, floodBytes: 8_388_608, ageMs: 10_000, stuckMs: 30_000, ...config.queue },
  rates: { person: { ...PERSON, ...config.rates?.person }, load: { ...LOAD, ...config.rates?.load } },
  worker: {
    sockets: 20_000,
    admission: { burst: 2_000, perSecond: 1_000 },
    roomSends: { burst: 2_000, perSecond: 2_000 },
    userTraces: { burst: 60, perSecond: 1 },
    appends: 2_000,
    appendMs: 5_000,
    ringBytes: 1_048_576,
    resumeEvents: LIMITS.resumeEvents,
    resumeWindowMs: 50,
    tokenGraceMs: 25_000,
    windowMs: 0,
    lingerMs: 10_000,
    headsMs: 5_000,
    usersMs: 60_000,
    ...config.limits,
  },
  shedding: { ...SHEDDING, ...config.shedding },
});
