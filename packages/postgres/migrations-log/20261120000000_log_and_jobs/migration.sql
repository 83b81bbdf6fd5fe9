-- The log between services, and the jobs. Both are adapters' tables: no service reads them.

CREATE TABLE log_topic (
  id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  -- The log's identity: an offset means nothing without it.
  log_id uuid NOT NULL,
  partitions integer NOT NULL
);

-- Appends take this row's lock, so offsets follow commit order and a reader never meets a hole.
CREATE TABLE log_partition (
  topic smallint NOT NULL REFERENCES log_topic (id),
  partition integer NOT NULL,
  first_offset bigint NOT NULL DEFAULT 0,
  next_offset bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (topic, partition)
) WITH (fillfactor = 20);

CREATE TABLE log_record (
  topic smallint NOT NULL,
  partition integer NOT NULL,
  record_offset bigint NOT NULL,
  key text NOT NULL,
  value bytea NOT NULL,
  appended_ms bigint NOT NULL,
  PRIMARY KEY (topic, partition, record_offset)
);

-- Entry i is (topics[i], partitions[i], keys[i]) and the next lengths[i] bytes of `bytes`. One statement, whole or not at all.
CREATE FUNCTION log_append(topics smallint[], partitions integer[], keys text[], lengths integer[], bytes bytea, now_ms bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  -- In one order for everybody: two appenders of the same partitions must not wait for each other.
  PERFORM 1 FROM log_partition p
    WHERE (p.topic, p.partition) IN (SELECT DISTINCT t, n FROM unnest(topics, partitions) AS input (t, n))
    ORDER BY p.topic, p.partition FOR UPDATE;
  WITH entry AS (
    SELECT t, n, k, substring(bytes FROM (sum(l) OVER (ORDER BY nr) - l + 1)::integer FOR l) AS v, row_number() OVER (PARTITION BY t, n ORDER BY nr) - 1 AS place
    FROM unnest(topics, partitions, keys, lengths) WITH ORDINALITY AS input (t, n, k, l, nr)
  ), moved AS (
    UPDATE log_partition p SET next_offset = p.next_offset + c.size
    FROM (SELECT t, n, count(*) AS size FROM entry GROUP BY t, n) c
    WHERE p.topic = c.t AND p.partition = c.n
    RETURNING p.topic, p.partition, p.next_offset - c.size AS base
  )
  INSERT INTO log_record (topic, partition, record_offset, key, value, appended_ms)
  SELECT e.t, e.n, m.base + e.place, e.k, e.v, now_ms FROM entry e JOIN moved m ON m.topic = e.t AND m.partition = e.n;
  PERFORM pg_notify('parley_log', t::text) FROM (SELECT DISTINCT t FROM unnest(topics) AS input (t)) touched;
END $$;

-- Removes at most `limit_rows` records older than the cut, from the beginning and without a hole. Answers how many.
CREATE FUNCTION log_trim(of_topic smallint, of_partition integer, cut_ms bigint, limit_rows integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  first_kept bigint;
  removed bigint;
BEGIN
  SELECT coalesce(min(r.record_offset) FILTER (WHERE r.appended_ms >= cut_ms), max(r.record_offset) + 1) INTO first_kept
    FROM (SELECT record_offset, appended_ms FROM log_record WHERE topic = of_topic AND partition = of_partition ORDER BY record_offset LIMIT limit_rows) r;
  IF first_kept IS NULL THEN
    RETURN 0;
  END IF;
  DELETE FROM log_record WHERE topic = of_topic AND partition = of_partition AND record_offset < first_kept;
  GET DIAGNOSTICS removed = ROW_COUNT;
  IF removed > 0 THEN
    UPDATE log_partition SET first_offset = first_kept WHERE topic = of_topic AND partition = of_partition;
  END IF;
  RETURN removed;
END $$;

CREATE TABLE work_job (
  queue text NOT NULL,
  id text NOT NULL,
  nr bigint GENERATED ALWAYS AS IDENTITY,
  -- JSON as it came: never looked into here.
  payload text NOT NULL,
  attempt integer NOT NULL DEFAULT 0,
  visible_ms bigint NOT NULL,
  parked_reason text,
  PRIMARY KEY (queue, id)
);
CREATE INDEX work_job_due ON work_job (queue, visible_ms, nr) WHERE parked_reason IS NULL;
CREATE INDEX work_job_parked ON work_job (queue, nr) WHERE parked_reason IS NOT NULL;
