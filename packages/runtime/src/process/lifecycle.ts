// One process' life: services start in order, stop in reverse, and a signal drains before it ends.
import type { Clock } from '@parley/ports';
import type { Logger } from '../log.ts';
import type { Service } from '../service.ts';

export interface Running {
  /** Stops everything in reverse order, once. */
  stop(): Promise<void>;
}

/** Starts the services in order; when one fails, those before it are stopped in reverse and the failure is thrown. */
export async function startServices(services: readonly Service[], logger: Logger): Promise<Running> {
  const started: Service[] = [];
  let stopping: Promise<void> | null = null;
  const stopAll = async (): Promise<void> => {
    for (const service of started.reverse()) {
      try {
        await service.stop();
      } catch (error) {
        logger.error({ err: error, service: service.name }, 'could not stop cleanly');
      }
    }
  };
  const running: Running = {
    stop: () => {
      stopping ??= stopAll();
      return stopping;
    },
  };
  for (const service of services) {
    try {
      await service.start();
      started.push(service);
    } catch (error) {
      logger.error({ err: error, service: service.name }, 'could not start');
      await service.stop().catch(() => {});
      await running.stop();
      throw error;
    }
  }
  return running;
}

export interface SignalDeps {
  readonly stop: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long draining may take before the process ends anyway. */
  readonly graceMs: number;
  /** process.exit, or what stands for it in a test. */
  readonly exit: (code: number) => void;
  /** process, or what stands for it in a test. */
  readonly signals: { on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown; off(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown };
}

/** One ctrl-C reaches a process twice: from the terminal, and from whoever started it. Two signals this close together are one. */
const SAME_MS = 400;

/** On SIGTERM or SIGINT: stop within the grace, then exit. A later signal exits at once. The answer takes the listeners away. */
export function stopOnSignal(deps: SignalDeps): () => void {
  let first: number | null = null;
  const onSignal = (): void => {
    const now = deps.clock.monotonic();
    if (first !== null) {
      if (now - first >= SAME_MS) deps.exit(1);
      return;
    }
    first = now;
    deps.logger.info('stopping; once more to stop at once');
    const timer = deps.clock.after(deps.graceMs, () => {
      deps.logger.error({ graceMs: deps.graceMs }, 'draining took too long');
      deps.exit(1);
    });
    deps
      .stop()
      .then(
        () => deps.exit(0),
        (error: unknown) => {
          deps.logger.error({ err: error }, 'could not stop cleanly');
          deps.exit(1);
        },
      )
      .finally(() => timer.cancel());
  };
  deps.signals.on('SIGTERM', onSignal);
  deps.signals.on('SIGINT', onSignal);
  return () => {
    deps.signals.off('SIGTERM', onSignal);
    deps.signals.off('SIGINT', onSignal);
  };
}
