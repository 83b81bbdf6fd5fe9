// A service together with what its process holds for it: adapters that connect by themselves, the list of ended sessions. They begin before
// it and end after it, and what ails them is said with its own problems.
import { type Clock, LogUnavailable } from '@parley/ports';
import type { Logger } from '../log.ts';
import type { Service } from '../service.ts';

export interface Part {
  start?(): Promise<void>;
  stop?(): Promise<void>;
  close?(): Promise<void>;
  problems?(): readonly string[];
}

const RETRY_MS = 500;

/** The same service, whose start() begins `parts` in order first (waiting while the log is away) and whose stop() ends them in reverse. */
export function withParts<S extends Service>(service: S, parts: readonly Part[], { clock, logger }: { readonly clock: Clock; readonly logger: Logger }): S {
  let stopping = false;
  const begin = async (part: Part): Promise<void> => {
    for (let tries = 1; !stopping; tries++) {
      try {
        return await part.start?.();
      } catch (error) {
        if (!(error instanceof LogUnavailable)) throw error;
        if (tries === 1) logger.warn({ err: error, service: service.name }, 'the log is away: waiting for it');
        await clock.sleep(RETRY_MS);
      }
    }
  };
  const stop = service.stop.bind(service) as (...rest: Parameters<S['stop']>) => Promise<void>;
  const start = service.start.bind(service);
  const problems = service.problems?.bind(service);
  return Object.assign(service, {
    async start() {
      for (const part of parts) await begin(part);
      if (!stopping) await start();
    },
    async stop(...rest: Parameters<S['stop']>) {
      stopping = true;
      await stop(...rest);
      for (const part of [...parts].reverse()) {
        await part.stop?.();
        await part.close?.();
      }
    },
    problems: () => [...parts.flatMap((part) => part.problems?.() ?? []), ...(problems?.() ?? [])],
  });
}
