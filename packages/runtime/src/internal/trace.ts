// Which trace the work at hand belongs to (W3C traceparent). It follows promises by itself; nothing hands it on by name.
import { AsyncLocalStorage } from 'node:async_hooks';
import { isTraceparent } from '@parley/protocol';

const storage = new AsyncLocalStorage<string>();

/** The traceparent that came with the request being answered; undefined: none came. */
export const currentTrace = (): string | undefined => storage.getStore();

/** Runs `work` as part of that trace. What is not a traceparent is left out. */
export const withTrace = <T>(trace: string | string[] | undefined, work: () => T): T => (isTraceparent(trace) ? storage.run(trace, work) : work());
