// The SDK's one entry: createParley, its types, the storages, and the parts of the protocol that an app needs beside it.
export { type Attachment, ERROR_CODES, ERRORS, type ErrorBody, type ErrorCode, LIMITS, ParleyError, WELCOME_BOT } from '@parley/protocol';
export * from './api.ts';
export { createParley } from './create-parley.ts';
export { encodeSpans } from './net/traces.ts';
export { indexedDbStorage } from './storage/indexed-db-storage.ts';
export { memoryStorage } from './storage/memory-storage.ts';
