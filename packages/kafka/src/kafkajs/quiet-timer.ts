// kafkajs 2.2.4 asks to be called back in a negative time, again and again, on every connection: on today's Node that is a timer of 1 ms for ever
// (tulios/kafkajs#1751). This puts that one method right, and leaves alone any version whose code is not the one that was read.
import { createRequire } from 'node:module';

interface RequestQueue {
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  pending: readonly unknown[];
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

const CHECK_MS = 10;
const KNOWN_VERSION = '2.2.4';

/** True: kafkajs is quiet now. Idempotent. */
export function quietKafkaJsTimers(): boolean {
  const require = createRequire(import.meta.url);
  const { version } = require('kafkajs/package.json') as { version: string };
  if (version !== KNOWN_VERSION) return false;
  const { prototype } = require('kafkajs/src/network/requestQueue/index.js') as { prototype: RequestQueue };
  prototype.scheduleCheckPendingRequests = scheduleWhenNeeded;
  return true;
}

function scheduleWhenNeeded(this: RequestQueue): void {
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
  const throttled = this.throttledUntil - Date.now();
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    throttled > 0 ? throttled : CHECK_MS,
  );
}
