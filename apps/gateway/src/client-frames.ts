// A client's frame: bounded, validated, then handed to what answers it. Every answer is typed; nothing a client sends throws from here.
import type { Clock } from '@parley/ports';
import { CLIENT_FRAMES, type ClientFrame, type ClientFrameName, type ErrorBody, ParleyError } from '@parley/protocol';
import { checkJsonDepth, type Logger } from '@parley/runtime';
import { safeParse } from 'zod/mini';
import type { AckFn } from './client-socket.ts';
import type { TokenBuckets } from './frames/token-bucket.ts';
import type { ClassLimits } from './gateway-config.ts';
import type { Meter } from './rooms/meter.ts';
import type { Session } from './session.ts';

/** What answers each frame: the fields of its ack, or a ParleyError thrown. `done` answers at once when order matters. */
export type FrameHandlers = {
  readonly [N in ClientFrameName]: (session: Session, payload: ClientFrame<N>, done: (fields: object) => void) => Promise<object> | object;
};

export interface ClientFramesDeps {
  readonly handlers: FrameHandlers;
  readonly buckets: TokenBuckets;
  readonly rates: Readonly<Record<'person' | 'load', ClassLimits>>;
  readonly isDraining: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
}

/**
 * Frames refused for their rate, more than were taken, before the socket is closed. Counted down by what is taken, not forgotten at the
 * first: a flood's bucket fills as well, so some frame of it is always taken.
 */
const STRIKES_MAX = 1_000;

export class ClientFrames {
  private readonly deps: ClientFramesDeps;
  private readonly strikes = new WeakMap<Session, number>();
  private unanswered = 0;
  private waiters: (() => void)[] = [];

  constructor(deps: ClientFramesDeps) {
    this.deps = deps;
  }

  handle(session: Session, name: string, payload: unknown, ack: AckFn): void {
    if (session.closed) return;
    let answered = false;
    const known = Object.hasOwn(CLIENT_FRAMES, name) ? name : 'unknown';
    const began = name === 'send' ? this.deps.clock.monotonic() : 0;
    const answer: AckFn = (body) => {
      if (answered || session.closed) return;
      answered = true;
      const outcome = body.ok ? 'ok' : body.error.code;
      this.deps.meter.frame(known, outcome);
      if (name === 'send') this.deps.meter.acked(outcome, this.deps.clock.monotonic() - began);
      ack(body);
    };
    try {
      const frame = this.check(session, name, payload);
      const handler = this.deps.handlers[frame.name] as (session: Session, payload: unknown, done: (fields: object) => void) => Promise<object> | object;
      const result = handler(session, frame.payload, (fields) => answer({ ok: true, ...fields }));
      if (result instanceof Promise) {
        this.unanswered += 1;
        result
          .then(
            (fields) => answer({ ok: true, ...fields }),
            (error: unknown) => answer({ ok: false, error: this.bodyOf(error, name) }),
          )
          .finally(() => this.answered());
      } else answer({ ok: true, ...result });
    } catch (error) {
      answer({ ok: false, error: this.bodyOf(error, name) });
    }
  }

  /** Resolves when every frame that was taken has its answer. */
  idle(): Promise<void> {
    return this.unanswered === 0 ? Promise.resolve() : new Promise((resolve) => this.waiters.push(resolve));
  }

  private answered(): void {
    this.unanswered -= 1;
    if (this.unanswered === 0) for (const wake of this.waiters.splice(0)) wake();
  }

  private check(session: Session, name: string, payload: unknown): { name: ClientFrameName; payload: unknown } {
    const { cls } = session.claims;
    this.takeToken(session, 'frames', this.deps.rates[cls].frames);
    if (!Object.hasOwn(CLIENT_FRAMES, name)) throw new ParleyError('unknown_event');
    if (this.deps.isDraining()) throw new ParleyError('draining', undefined, { retryAfterMs: 1_000 });
    checkJsonDepth(payload);
    const frame = name as ClientFrameName;
    const parsed = safeParse(CLIENT_FRAMES[frame], payload);
    if (!parsed.success) {
      throw new ParleyError('invalid', undefined, {
        details: parsed.error.issues.slice(0, 5).map(({ path, message }) => ({ path: path.map(String), message })),
      });
    }
    if (frame === 'send') this.takeToken(session, 'send', this.deps.rates[cls].send);
    return { name: frame, payload: parsed.data };
  }

  private takeToken(session: Session, kind: 'frames' | 'send', rate: ClassLimits['frames']): void {
    const waitMs = this.deps.buckets.take(`${kind} ${session.claims.cls} ${session.user}`, rate);
    if (waitMs === 0) {
      const before = this.strikes.get(session) ?? 0;
      if (kind === 'frames' && before > 0) this.strikes.set(session, before - 1);
      return;
    }
    const refusal = new ParleyError('slow_down', undefined, { retryAfterMs: waitMs });
    const strikes = (this.strikes.get(session) ?? 0) + 1;
    this.strikes.set(session, strikes);
    if (strikes > STRIKES_MAX) session.bye(refusal.toBody());
    throw refusal;
  }

  private bodyOf(error: unknown, name: string): ErrorBody {
    if (error instanceof ParleyError) return error.toBody();
    this.deps.logger.error({ err: error, frame: name }, 'a frame could not be answered');
    return new ParleyError('internal').toBody();
  }
}
