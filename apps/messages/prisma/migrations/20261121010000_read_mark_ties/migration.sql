-- Of two read marks with the same counter, made on two devices at once, the one that reaches further holds. Before, the later one was dropped.
CREATE OR REPLACE FUNCTION mark_read(marks jsonb, cap int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE changes jsonb;
BEGIN
  PERFORM 1 FROM user_head WHERE user_id IN (SELECT u FROM jsonb_to_recordset(marks) AS i(u uuid)) ORDER BY user_id FOR UPDATE;
  -- A statement of its own: it must see what was committed while the lock was waited for.
  SELECT jsonb_agg(jsonb_build_object('u', u, 'k', k, 'o', o, 'v', jsonb_build_object('seq', mark, 'n', n, 'unread', count_unread(room, u, mark, cap), 'at', head)))
    INTO changes
    FROM (SELECT i.u, 'read:' || i.r AS k, i.n, m.room, t.head, greatest(m.floor, least(t.head, i.s)) AS mark,
                 count(*) OVER (PARTITION BY i.u) - row_number() OVER (PARTITION BY i.u ORDER BY i.r) AS o
            FROM jsonb_to_recordset(marks) AS i(u uuid, r uuid, s bigint, n bigint)
            JOIN member m ON m.room = i.r AND m.user_id = i.u AND m.role IS NOT NULL
            JOIN room t ON t.room = i.r
            LEFT JOIN user_state s ON s.user_id = i.u AND s.key = 'read:' || i.r
           WHERE i.n > coalesce((s.value->>'n')::bigint, 0)
              -- Two devices of one person count on from the same number without knowing: who has read further is right, whoever came first.
              OR (i.n > 0 AND i.n = (s.value->>'n')::bigint AND greatest(m.floor, least(t.head, i.s)) > (s.value->>'seq')::bigint)) AS newer;
  IF changes IS NULL THEN RETURN '[]'; END IF;
  -- The counter is the new one here: write_user_state would keep the old, so it is set first.
  UPDATE user_state s SET value = jsonb_set(s.value, '{n}', i.v->'n') FROM jsonb_to_recordset(changes) AS i(u uuid, k text, v jsonb)
   WHERE s.user_id = i.u AND s.key = i.k AND s.value IS NOT NULL;
  RETURN write_user_state(changes)::text;
END $$;
