// Tells the server what this page saw of messages that are followed, together and now and then. What cannot be told is thrown away.
import { encodeSpans, type Parley, type SentSpan } from '@parley/sdk';

const COLLECT_MS = 2_000;
const TOGETHER_MAX = 50;

/** Give `add` to createParley as its onTrace. */
export function createTraceTeller(parley: () => Parley): { add(span: SentSpan): void } {
  let spans: SentSpan[] = [];
  const tell = (): void => {
    const told = spans;
    spans = [];
    parley()
      .call('POST', '/api/telemetry/traces', encodeSpans(told))
      .catch(() => {});
  };
  return {
    add(span) {
      if (spans.length >= TOGETHER_MAX) return;
      if (spans.length === 0) setTimeout(tell, COLLECT_MS);
      spans.push(span);
    },
  };
}
