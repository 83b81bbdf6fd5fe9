-- An append answers where its entries are, [[topic, partition, offset of the first], ...]: who appended them need not read them back.

DROP FUNCTION log_append(smallint[], integer[], text[], integer[], bytea, bigint);

-- Entry i is (topics[i], partitions[i], keys[i]) and the next lengths[i] bytes of `bytes`. One statement, whole or not at all.
CREATE FUNCTION log_append(topics smallint[], partitions integer[], keys text[], lengths integer[], bytes bytea, now_ms bigint) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
  bases json;
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
  ), written AS (
    INSERT INTO log_record (topic, partition, record_offset, key, value, appended_ms)
    SELECT e.t, e.n, m.base + e.place, e.k, e.v, now_ms FROM entry e JOIN moved m ON m.topic = e.t AND m.partition = e.n
  )
  SELECT json_agg(json_build_array(topic, partition, base)) INTO bases FROM moved;
  PERFORM pg_notify('parley_log', t::text) FROM (SELECT DISTINCT t FROM unnest(topics) AS input (t)) touched;
  RETURN bases;
END $$;
