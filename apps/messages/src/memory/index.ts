// What the simulation and tests take: the real core over a store in memory.
export { createMessagesCore, type MessagesCore, type MessagesCoreDeps } from '../core.ts';
export { type PageRequest, readPage, readSnapshot } from '../http/read-history.ts';
export type { Store } from '../store/store.ts';
export { createMemoryStore } from './store.ts';
