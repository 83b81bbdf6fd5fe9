// The shedding ladder of one worker: when it has too much to do it leaves out what people miss least, step by step and by itself, and takes
// it up again later. Every step is told. It must never touch what a room's members are owed: who falls behind is told so, and catches up.
import type { Clock } from '@parley/ports';
import type { Logger } from '@parley/runtime';
import type { Limits } from '../gateway-config.ts';
import type { Session } from '../session.ts';
import type { LoopDelay } from './event-loop.ts';
import { calmState, type LadderState, type LoadSample, nextStep, STEPS, type StepName } from './next-step.ts';
import { type CountedRoom, type DearRoom, RoomCosts } from './room-costs.ts';

const at = (name: StepName): number => STEPS.indexOf(name);

/** Members of so many rooms are looked at on the step `behind`. */
const DEAR_ROOMS = 5;
/** So many fall behind with one sample at most; with the next there may be more. */
const BEHIND_MAX = 500;

/** As it stands now. */
export interface SheddingView extends LoadSample {
  readonly step: number;
  readonly name: StepName;
  /** Steps taken, up and down, since the start. */
  readonly changes: number;
}

export interface SheddingRoom extends CountedRoom {
  readonly live: Iterable<{ readonly session: Session }>;
}

export interface LadderDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: Pick<Limits, 'shedding' | 'queue'>;
  readonly loop: LoopDelay;
  readonly rooms: () => Iterable<SheddingRoom>;
  readonly typing: { setQuiet(quiet: boolean): void };
  readonly watched: { setCollectMs(ms: number): void };
  readonly flusher: { setFloor(ms: number): void };
}

export class Ladder {
  private readonly deps: LadderDeps;
  private readonly costs = new RoomCosts();
  private state: LadderState;
  private last: LoadSample = { lateMs: 0, queueBytes: 0 };
  private lastAt: number;
  private changes = 0;

  constructor(deps: LadderDeps) {
    this.deps = deps;
    this.state = calmState(deps.limits.shedding);
    this.lastAt = deps.clock.monotonic();
  }

  start(): void {
    this.lastAt = this.deps.clock.monotonic();
    this.deps.loop.start();
  }

  stop(): void {
    this.deps.loop.stop();
  }

  /** About once a second. `queueBytes`: what all sockets were sent and have not taken. */
  sample(queueBytes: number): void {
    const now = this.deps.clock.monotonic();
    this.last = { lateMs: this.deps.loop.lateMs(now - this.lastAt), queueBytes };
    this.lastAt = now;
    this.costs.look(this.deps.rooms(), now);
    const before = this.state.step;
    this.state = nextStep(this.state, this.last, this.deps.limits.shedding);
    if (this.state.step !== before) this.change(before);
    if (this.state.step >= at('behind')) this.leaveBehind();
  }

  view(): SheddingView {
    return { ...this.last, step: this.state.step, name: STEPS[this.state.step] ?? 'calm', changes: this.changes };
  }

  /** It has no room for another socket now. */
  isFull(): boolean {
    return this.state.step >= at('full');
  }

  /** What rooms cost in the last minute, the dearest first. */
  dearest(most: number): readonly DearRoom[] {
    return this.costs.dearest(most);
  }

  /** For the operator; nothing as long as messages are not held up. */
  problems(): readonly string[] {
    const { step, name } = this.view();
    return step < at('window') ? [] : [`This worker has too much to do and leaves out what it can (step ${step} of ${STEPS.length - 1}, ${name}).`];
  }

  private change(before: number): void {
    const { step } = this.state;
    const { typing, watched, flusher, logger } = this.deps;
    const limits = this.deps.limits.shedding;
    this.changes += 1;
    typing.setQuiet(step >= at('typing'));
    watched.setCollectMs(step < at('presence') ? 0 : limits.presenceMs[step === at('presence') ? 0 : 1]);
    flusher.setFloor(step >= at('window') ? limits.windowMs : 0);
    const { name, lateMs, queueBytes } = this.view();
    const figures = { step, name, before, lateMs: Math.round(lateMs), queueBytes };
    const reason = lateMs >= (limits.lateMs[before] ?? Number.POSITIVE_INFINITY) ? 'event loop' : 'queues';
    if (step > before) logger.warn({ ...figures, reason }, 'too much to do: a step of the shedding ladder up');
    else logger.info(figures, 'less to do: a step of the shedding ladder down');
  }

  /** In the rooms that cost most, those whose queues are the longest take no more until they have drained. They are owed it, not refused it. */
  private leaveBehind(): void {
    const dear = new Set(this.costs.dearest(DEAR_ROOMS).map(({ room }) => room));
    const long = new Map<Session, number>();
    for (const hub of this.deps.rooms()) {
      if (!dear.has(hub.room)) continue;
      for (const { session } of hub.live) {
        const bytes = session.stalled ? 0 : session.socket.bufferedBytes();
        if (bytes > this.deps.limits.queue.softBytes) long.set(session, bytes);
      }
    }
    const longest = [...long].sort(([, a], [, b]) => b - a).slice(0, BEHIND_MAX);
    for (const [session] of longest) session.stall();
  }
}
