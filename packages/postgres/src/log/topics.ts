// The topics of a log: made once with an identity of their own, checked at every start, read by offset.
import { type LogEnds, type LogRecord, LogUnavailable, OffsetOutOfRange, type Rng } from '@parley/ports';
import type pg from 'pg';

export interface Topic {
  readonly id: number;
  readonly name: string;
  readonly logId: string;
  readonly partitions: number;
  readonly retentionMs: number;
}

/** Makes the topic or finds it. Throws when it was made with another number of partitions: a room would move. */
export async function openTopic(pool: pg.Pool, name: string, options: { partitions: number; retentionMs: number }, rng: Rng): Promise<Topic> {
  await pool.query('INSERT INTO log_topic (name, log_id, partitions) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING', [name, rng.id(), options.partitions]);
  const { rows } = await pool.query<{ id: number; log_id: string; partitions: number }>('SELECT id, log_id, partitions FROM log_topic WHERE name = $1', [name]);
  const found = rows[0];
  if (found === undefined || found.partitions !== options.partitions) {
    throw new Error(`Topic ${name} has ${found?.partitions} partitions, not ${options.partitions}. The number cannot be changed: put the old one back.`);
  }
  await pool.query('INSERT INTO log_partition (topic, partition) SELECT $1, generate_series(0, $2::integer - 1) ON CONFLICT DO NOTHING', [
    found.id,
    found.partitions,
  ]);
  return { id: found.id, name, logId: found.log_id, ...options };
}

const ENDS = `SELECT t.log_id, p.partition, p.first_offset, p.next_offset FROM log_topic t JOIN log_partition p ON p.topic = t.id
  WHERE t.name = $1 ORDER BY p.partition`;

export async function readEnds(pool: pg.Pool, topic: Topic): Promise<LogEnds> {
  const { rows } = await ask<{ log_id: string; partition: number; first_offset: string; next_offset: string }>(pool, ENDS, [topic.name]);
  const partitions = rows.map((row) => ({ partition: row.partition, from: Number(row.first_offset), next: Number(row.next_offset) }));
  return { logId: rows[0]?.log_id ?? topic.logId, partitions };
}

// Ordered by how far from the position: a busy partition does not starve the others, and each stays contiguous.
const READ = `SELECT w.partition, r.record_offset, r.key, r.value FROM unnest($2::integer[], $3::bigint[]) AS w (partition, position)
  CROSS JOIN LATERAL (SELECT record_offset, key, value FROM log_record
    WHERE topic = $1 AND partition = w.partition AND record_offset >= w.position ORDER BY record_offset LIMIT $4) r
  ORDER BY r.record_offset - w.position, w.partition LIMIT $4`;

export async function readRecords(pool: pg.Pool, topic: Topic, positions: ReadonlyMap<number, number>, limit: number): Promise<readonly LogRecord[]> {
  const { rows } = await ask<{ partition: number; record_offset: string; key: string; value: Buffer }>(pool, READ, [
    topic.id,
    [...positions.keys()],
    [...positions.values()],
    limit,
  ]);
  const records = rows.map(({ partition, record_offset, key, value }): LogRecord => ({ partition, offset: Number(record_offset), key, value }));
  records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  checkContiguous(records, positions, topic.name);
  return records;
}

function checkContiguous(records: readonly LogRecord[], positions: ReadonlyMap<number, number>, topic: string): void {
  const expected = new Map(positions);
  for (const { partition, offset } of records) {
    const at = expected.get(partition);
    if (at !== offset) throw new OffsetOutOfRange(`${topic} partition ${partition}: offset ${at} is gone, the log goes on at ${offset}`);
    expected.set(partition, offset + 1);
  }
}

async function ask<R extends pg.QueryResultRow>(pool: pg.Pool, sql: string, values: unknown[]): Promise<pg.QueryResult<R>> {
  try {
    return await pool.query<R>(sql, values);
  } catch (error) {
    throw new LogUnavailable(`The log did not answer: ${(error as Error).message}`, { cause: error });
  }
}

const TRIM_ROWS = 2_000;

/** Removes what is older than the retention, in small steps. */
export async function trimTopic(pool: pg.Pool, topic: Topic, nowMs: number): Promise<void> {
  for (let partition = 0; partition < topic.partitions; partition++) {
    for (let removed = TRIM_ROWS; removed === TRIM_ROWS; ) {
      const { rows } = await pool.query<{ removed: string }>('SELECT log_trim($1::smallint, $2, $3, $4) AS removed', [
        topic.id,
        partition,
        Math.trunc(nowMs - topic.retentionMs),
        TRIM_ROWS,
      ]);
      removed = Number(rows[0]?.removed ?? 0);
    }
  }
}
