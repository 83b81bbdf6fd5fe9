// Which trace the work at hand belongs to (W3C traceparent). It follows promises by itself; nothing hands it on by name.
import { AsyncLocalStorage } from 'node:async_hooks';

const storage = new AsyncLocalStorage<string>();
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The traceparent that came with the request being answered; undefined: none came. */
export const currentTrace = (): string | undefined => storage.getStore();

/** Runs `work` as part of that trace. What is not a traceparent is left out. */
export const withTrace = <T>(trace: string | string[] | undefined, work: () => T): T =>
  typeof trace === 'string' && TRACEPARENT.test(trace) ? storage.run(trace, work) : work();
