// What is known of followed commits: kept until it is told, forgotten then, and never more than a bound.
import type { CommittedEvent } from '@parley/protocol';
import { NO_SPAN, NO_TRACING, type Tracing } from '@parley/runtime';
import { expect, test } from 'vitest';
import { FollowedCommits } from './followed.ts';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const eventAt = (seq: number) => ({ event: { room: 'r', seq }, partition: 0 }) as CommittedEvent;

function tracing(): Tracing & { ended: (string | undefined)[] } {
  const ended: (string | undefined)[] = [];
  return { ...NO_TRACING, ended, span: (_name, traceparent) => ({ ...NO_SPAN, traceparent, end: (error) => void ended.push(error) }) };
}

test('a commit whose telling failed is followed again, and once told no more', () => {
  const seen = tracing();
  const followed = new FollowedCommits(seen);
  expect(followed.begin('feed.publish', [eventAt(1)])).toBeNull();
  followed.keep('r', 2, TRACE);
  const events = [eventAt(1), eventAt(2)];
  followed.end(followed.begin('feed.publish', events), 'unavailable');
  const again = followed.begin('feed.publish', events);
  expect([...(again?.keys() ?? [])]).toEqual([events[1]]);
  followed.end(again);
  expect(followed.begin('feed.publish', events)).toBeNull();
  expect(seen.ended).toEqual(['unavailable', undefined]);
});

test('the oldest are forgotten when nobody tells of them', () => {
  const followed = new FollowedCommits(tracing());
  for (let seq = 1; seq <= 10_001; seq++) followed.keep('r', seq, TRACE);
  expect(followed.begin('feed.publish', [eventAt(1)])).toBeNull();
  expect(followed.begin('feed.publish', [eventAt(2)])).not.toBeNull();
});
