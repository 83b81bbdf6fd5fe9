// The topics of an installation: how many partitions (one process, and a cluster with one broker) and how long records are kept.
// Changing a count moves rooms: never do it on living data.
import { TOPICS } from '@parley/protocol';

const HOUR_MS = 3_600_000;
/** The longest that a reader may be away (design.md section 3). */
const WEEK_MS = 7 * 24 * HOUR_MS;
/** Dead letters wait for a person. */
const DEAD_MS = 90 * 24 * HOUR_MS;

export const LOG_TOPICS = {
  [TOPICS.roomCommand]: { partitions: 4, retentionMs: WEEK_MS },
  [TOPICS.roomEvent]: { partitions: 4, retentionMs: WEEK_MS },
  [TOPICS.sessionEvent]: { partitions: 1, retentionMs: HOUR_MS },
  [TOPICS.accountEvent]: { partitions: 1, retentionMs: WEEK_MS },
  [TOPICS.roomDead]: { partitions: 1, retentionMs: DEAD_MS },
};
