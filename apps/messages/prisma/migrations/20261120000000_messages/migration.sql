-- The event log of every room, its projections, people's own state, and the functions of the hot path.
-- Rows are never deleted. Only the owner of a room's partition writes log_position, room, member, event, message and result, behind the
-- compare-and-set in commit_batch; user_head and user_state have two writers, who lock users in id order.

CREATE TABLE installation (one boolean PRIMARY KEY DEFAULT true CHECK (one), epoch uuid NOT NULL);

CREATE TABLE log_topic (topic text PRIMARY KEY, partitions int NOT NULL);

CREATE TABLE log_position (
  topic text NOT NULL, partition int NOT NULL, log_id text NOT NULL, next bigint NOT NULL,
  pos bigint NOT NULL DEFAULT 0, published bigint NOT NULL DEFAULT 0, relayed bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

CREATE TABLE room (
  room uuid PRIMARY KEY, partition int NOT NULL, head bigint NOT NULL, msg_no bigint NOT NULL, mver int NOT NULL,
  kind text NOT NULL, name text, topic text NOT NULL, visibility text NOT NULL, history text NOT NULL,
  archived boolean NOT NULL, member_count int NOT NULL, last_message_at bigint
) WITH (fillfactor = 70);

CREATE TABLE member (
  room uuid NOT NULL, user_id uuid NOT NULL, role text, floor bigint NOT NULL, join_seq bigint NOT NULL,
  PRIMARY KEY (room, user_id)
);
CREATE INDEX member_user ON member (user_id);

CREATE TABLE event (
  room uuid NOT NULL, seq bigint NOT NULL, partition int NOT NULL, pos bigint NOT NULL, type text NOT NULL, author uuid NOT NULL,
  client_id uuid, time bigint NOT NULL, msg_no bigint NOT NULL, body jsonb NOT NULL, mver int, target bigint,
  PRIMARY KEY (room, seq)
);
CREATE UNIQUE INDEX event_position ON event (partition, pos);
-- Edits by their message: deletion takes their text too.
CREATE INDEX event_edit ON event (room, target) WHERE type = 'message.edited';
-- What rooms decided: the system lines of a timeline.
CREATE INDEX event_notice ON event (room, seq) WHERE mver IS NOT NULL;

CREATE TABLE message (
  room uuid NOT NULL, seq bigint NOT NULL, author uuid NOT NULL, client_id uuid, time bigint NOT NULL, msg_no bigint NOT NULL,
  text text, reply_to bigint, edited bigint, deleted boolean NOT NULL, reactions jsonb NOT NULL, ver bigint NOT NULL,
  PRIMARY KEY (room, seq)
);

CREATE TABLE result (
  room uuid NOT NULL, author uuid NOT NULL, client_id uuid NOT NULL, hash text NOT NULL, status text NOT NULL, seq bigint, code text,
  PRIMARY KEY (room, author, client_id)
);

CREATE TABLE user_head (user_id uuid PRIMARY KEY, ver bigint NOT NULL) WITH (fillfactor = 70);
-- No index on ver: one person's keys are few and stand together, and without it an update of a mark stays on its page.
CREATE TABLE user_state (
  user_id uuid NOT NULL, key text NOT NULL, value jsonb, ver bigint NOT NULL,
  PRIMARY KEY (user_id, key)
) WITH (fillfactor = 70);

CREATE TABLE dead_letter (
  topic text NOT NULL, partition int NOT NULL, "offset" bigint NOT NULL, bytes bytea NOT NULL, reason text NOT NULL,
  at timestamp(3) NOT NULL DEFAULT current_timestamp,
  PRIMARY KEY (topic, partition, "offset")
);

-- What a batch needs to be decided. No transaction around it: only the caller writes these tables, and its commit proves it.
CREATE FUNCTION load_batch(b jsonb) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE rooms json; members json; others json; results json; messages json; replies json;
BEGIN
  SELECT json_agg(json_build_array(t.room, t.head, t.msg_no, t.mver, t.kind, t.name, t.topic, t.visibility, t.history, t.archived, t.member_count, t.last_message_at))
    INTO rooms FROM jsonb_array_elements_text(b->'rooms') AS i(r) JOIN room t ON t.room = i.r::uuid;
  IF jsonb_array_length(b->'asked') > 0 THEN
    SELECT json_agg(json_build_array(m.room, m.user_id, m.role, m.floor, m.join_seq)) FILTER (WHERE m.room IS NOT NULL),
           json_agg(json_build_array(t.room, t.author, t.client_id, t.hash, t.status, t.seq, t.code)) FILTER (WHERE t.room IS NOT NULL)
      INTO members, results FROM jsonb_to_recordset(b->'asked') AS i(r uuid, a uuid, c uuid)
      LEFT JOIN member m ON m.room = i.r AND m.user_id = i.a
      LEFT JOIN result t ON t.room = i.r AND t.author = i.a AND t.client_id = i.c;
  END IF;
  IF jsonb_array_length(b->'members') > 0 THEN
    SELECT json_agg(json_build_array(t.room, t.user_id, t.role, t.floor, t.join_seq))
      INTO others FROM jsonb_to_recordset(b->'members') AS i(r uuid, u uuid) JOIN member t ON t.room = i.r AND t.user_id = i.u;
  END IF;
  IF jsonb_array_length(b->'messages') > 0 THEN
    SELECT json_agg(json_build_array(t.room, t.seq, t.author, t.deleted, t.edited, t.reactions, t.ver))
      INTO messages FROM jsonb_to_recordset(b->'messages') AS i(r uuid, s bigint) JOIN message t ON t.room = i.r AND t.seq = i.s;
  END IF;
  IF jsonb_array_length(b->'replies') > 0 THEN
    SELECT json_agg(json_build_array(t.room, t.author, t.client_id, t.hash, t.status, t.seq, t.code,
        CASE WHEN m.seq IS NOT NULL THEN json_build_array(m.room, m.seq, m.author, m.deleted, m.edited, m.reactions, m.ver) END))
      INTO replies FROM jsonb_to_recordset(b->'replies') AS i(r uuid, a uuid, c uuid)
      JOIN result t ON t.room = i.r AND t.author = i.a AND t.client_id = i.c
      LEFT JOIN message m ON m.room = t.room AND m.seq = t.seq;
  END IF;
  RETURN json_build_object('rooms', rooms, 'members', members, 'others', others, 'results', results, 'messages', messages, 'replies', replies)::text;
END $$;

-- Counts each row's users up by their changes (locking them in id order), and writes the changed keys. A `read:` value keeps its counter n.
CREATE FUNCTION write_user_state(changes jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE written json;
BEGIN
  WITH c AS MATERIALIZED (SELECT * FROM jsonb_to_recordset(changes) AS c(u uuid, k text, v jsonb, o int)),
  h AS (
    INSERT INTO user_head AS h (user_id, ver) SELECT u, count(*) FROM c GROUP BY u ORDER BY u
    ON CONFLICT (user_id) DO UPDATE SET ver = h.ver + excluded.ver RETURNING h.user_id, h.ver
  ), s AS (
    INSERT INTO user_state AS s (user_id, key, value, ver) SELECT c.u, c.k, c.v, h.ver - c.o FROM h JOIN c ON c.u = h.user_id
    ON CONFLICT (user_id, key) DO UPDATE SET ver = excluded.ver,
      value = CASE WHEN s.key LIKE 'read:%' AND s.value ? 'n' THEN excluded.value || jsonb_build_object('n', s.value->'n') ELSE excluded.value END
    RETURNING s.user_id, s.key, s.value, s.ver
  )
  SELECT json_agg(json_build_array(s.user_id, s.key, s.value, s.ver)) INTO written FROM s;
  RETURN written;
END $$;

-- One batch, all or nothing: {"status": "ok", "users": [[user, key, value, ver], …]} or {"status": "fenced"}.
CREATE FUNCTION commit_batch(b jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE matched int; users json;
BEGIN
  SELECT count(*) INTO matched FROM (
    SELECT 1 FROM log_position l JOIN jsonb_to_recordset(b->'partitions') AS i(partition int, expected bigint) ON i.partition = l.partition
     WHERE l.topic = b->>'topic' AND l.log_id = b->>'logId' AND l.next = i.expected ORDER BY l.partition FOR UPDATE OF l) AS mine;
  IF matched <> jsonb_array_length(b->'partitions') THEN RETURN '{"status":"fenced"}'; END IF;
  UPDATE log_position l SET next = i.next, pos = i.pos, published = greatest(l.published, i.published), relayed = greatest(l.relayed, i.relayed)
    FROM jsonb_to_recordset(b->'partitions') AS i(partition int, next bigint, pos bigint, published bigint, relayed bigint)
   WHERE l.topic = b->>'topic' AND l.partition = i.partition;

  IF jsonb_array_length(b->'users') > 0 THEN users := write_user_state(b->'users'); END IF;

  IF jsonb_array_length(b->'redactions') > 0 THEN
    UPDATE event e SET body = jsonb_set(e.body, '{text}', 'null') FROM jsonb_to_recordset(b->'redactions') AS i(room uuid, target bigint)
     WHERE e.room = i.room AND e.seq = i.target;
    UPDATE event e SET body = jsonb_set(e.body, '{text}', 'null') FROM jsonb_to_recordset(b->'redactions') AS i(room uuid, target bigint)
     WHERE e.room = i.room AND e.target = i.target AND e.type = 'message.edited';
  END IF;
  IF jsonb_array_length(b->'events') > 0 THEN
    WITH e AS MATERIALIZED (SELECT * FROM jsonb_to_recordset(b->'events') AS e(room uuid, seq bigint, partition int, pos bigint, type text, author uuid,
      client_id uuid, hash text, time bigint, msg_no bigint, body jsonb, mver int, target bigint)),
    posted AS (
      INSERT INTO message (room, seq, author, client_id, time, msg_no, text, reply_to, edited, deleted, reactions, ver)
      SELECT room, seq, author, client_id, time, msg_no, body->>'text', (body->>'replyTo')::bigint, NULL, false, '{}', seq FROM e WHERE type = 'message.posted'),
    decided AS (
      INSERT INTO result (room, author, client_id, hash, status, seq) SELECT room, author, client_id, hash, 'committed', seq FROM e WHERE hash IS NOT NULL)
    INSERT INTO event (room, seq, partition, pos, type, author, client_id, time, msg_no, body, mver, target)
    SELECT room, seq, partition, pos, type, author, client_id, time, msg_no, body, mver, target FROM e;
  END IF;
  IF jsonb_array_length(b->'heads') > 0 THEN
    UPDATE room t SET head = i.head, msg_no = i.msg_no, last_message_at = i.last_message_at
      FROM jsonb_to_recordset(b->'heads') AS i(room uuid, head bigint, msg_no bigint, last_message_at bigint) WHERE t.room = i.room;
  END IF;
  IF jsonb_array_length(b->'rooms') > 0 THEN
    INSERT INTO room AS t (room, partition, head, msg_no, mver, kind, name, topic, visibility, history, archived, member_count, last_message_at)
    SELECT room, partition, head, msg_no, mver, kind, name, topic, visibility, history, archived, member_count, last_message_at
      FROM jsonb_to_recordset(b->'rooms') AS i(room uuid, partition int, head bigint, msg_no bigint, mver int, kind text, name text, topic text,
        visibility text, history text, archived boolean, member_count int, last_message_at bigint)
    ON CONFLICT (room) DO UPDATE SET head = excluded.head, msg_no = excluded.msg_no, mver = excluded.mver, kind = excluded.kind, name = excluded.name,
      topic = excluded.topic, visibility = excluded.visibility, history = excluded.history, archived = excluded.archived,
      member_count = excluded.member_count, last_message_at = excluded.last_message_at;
  END IF;
  IF jsonb_array_length(b->'members') > 0 THEN
    INSERT INTO member AS t (room, user_id, role, floor, join_seq)
    SELECT room, user_id, role, floor, join_seq FROM jsonb_to_recordset(b->'members') AS i(room uuid, user_id uuid, role text, floor bigint, join_seq bigint)
    ON CONFLICT (room, user_id) DO UPDATE SET role = excluded.role, floor = excluded.floor, join_seq = excluded.join_seq;
  END IF;
  IF jsonb_array_length(b->'updates') > 0 THEN
    UPDATE message m SET text = CASE WHEN i.set_text THEN i.text ELSE m.text END, edited = i.edited, deleted = i.deleted, reactions = i.reactions, ver = i.ver
      FROM jsonb_to_recordset(b->'updates') AS i(room uuid, seq bigint, set_text boolean, text text, edited bigint, deleted boolean, reactions jsonb, ver bigint)
     WHERE m.room = i.room AND m.seq = i.seq;
  END IF;
  IF jsonb_array_length(b->'results') > 0 THEN
    INSERT INTO result (room, author, client_id, hash, status, seq, code)
    SELECT room, author, client_id, hash, status, seq, code FROM jsonb_to_recordset(b->'results')
      AS i(room uuid, author uuid, client_id uuid, hash text, status text, seq bigint, code text);
  END IF;
  IF jsonb_array_length(b->'deadLetters') > 0 THEN
    INSERT INTO dead_letter (topic, partition, "offset", bytes, reason)
    SELECT b->>'topic', i.partition, i."offset", decode(i.bytes, 'base64'), i.reason FROM jsonb_to_recordset(b->'deadLetters')
      AS i(partition int, "offset" bigint, bytes text, reason text)
    ON CONFLICT DO NOTHING;
  END IF;
  RETURN json_build_object('status', 'ok', 'users', users)::text;
END $$;

-- How many messages of the room this person has not read with the mark at `mark`, at most `cap`: protocol's countsAsUnread.
CREATE FUNCTION count_unread(of_room uuid, me uuid, mark bigint, cap int) RETURNS int LANGUAGE sql STABLE AS $$
  SELECT count(*)::int FROM (SELECT 1 FROM message WHERE room = of_room AND seq > mark AND author <> me AND NOT deleted LIMIT cap) AS unread
$$;

-- Read marks of many people: last writer by n, clamped to what the member may see, unread counted at the room's head.
CREATE FUNCTION mark_read(marks jsonb, cap int) RETURNS text LANGUAGE plpgsql AS $$
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
           WHERE i.n > coalesce((s.value->>'n')::bigint, 0)) AS newer;
  IF changes IS NULL THEN RETURN '[]'; END IF;
  -- The counter is the new one here: write_user_state would keep the old, so it is set first.
  UPDATE user_state s SET value = jsonb_set(s.value, '{n}', i.v->'n') FROM jsonb_to_recordset(changes) AS i(u uuid, k text, v jsonb)
   WHERE s.user_id = i.u AND s.key = i.k AND s.value IS NOT NULL;
  RETURN write_user_state(changes)::text;
END $$;

-- The hot path looks rows up by their keys and does nothing else, so its plans are fixed here: index lookups, planned once for each connection.
-- Left to the planner, either each call pays for planning a dozen statements, or a plan made while the tables were empty stays for ever.
ALTER FUNCTION load_batch(jsonb) SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off;
ALTER FUNCTION commit_batch(jsonb) SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off;
-- Joins nothing but its own input, so any plan of it is right for ever; that join must not be a loop within a loop.
ALTER FUNCTION write_user_state(jsonb) SET plan_cache_mode = force_generic_plan SET enable_hashjoin = on;

-- A read mark counted anew at the room's present head, for its member; for anybody else the value as it was written.
CREATE FUNCTION fresh_read(me uuid, of_room uuid, value jsonb, cap int) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce((
    SELECT value || jsonb_build_object('unread', count_unread(of_room, me, (value->>'seq')::bigint, cap), 'at', t.head)
      FROM room t JOIN member m ON m.room = t.room AND m.user_id = me AND m.role IS NOT NULL WHERE t.room = of_room), value)
$$;

-- The rooms of one person as they stand; `wanted` null: all of them.
CREATE FUNCTION room_summaries(me uuid, wanted uuid[], cap int) RETURNS TABLE (room uuid, head bigint, floor bigint, summary json) LANGUAGE sql STABLE AS $$
  SELECT t.room, t.head, m.floor, json_build_object('room', t.room, 'seq', t.head, 'msgNo', t.msg_no, 'kind', t.kind, 'name', t.name, 'topic', t.topic,
      'visibility', t.visibility, 'history', t.history, 'archived', t.archived, 'memberCount', t.member_count,
      'people', CASE WHEN t.kind = 'direct' THEN (SELECT json_agg(p.user_id ORDER BY p.user_id) FROM member p WHERE p.room = t.room) END,
      'role', m.role, 'floor', m.floor, 'joinSeq', m.join_seq,
      'read', fresh_read(me, t.room, coalesce(s.value, jsonb_build_object('seq', m.join_seq, 'n', 0, 'unread', 0, 'at', m.join_seq)), cap),
      'lastMessageAt', t.last_message_at)
    FROM member m JOIN room t ON t.room = m.room LEFT JOIN user_state s ON s.user_id = me AND s.key = 'read:' || t.room
   WHERE m.user_id = me AND m.role IS NOT NULL AND (wanted IS NULL OR m.room = ANY (wanted))
$$;

CREATE FUNCTION event_json(e event) RETURNS json LANGUAGE sql IMMUTABLE AS $$
  SELECT json_build_object('room', e.room, 'seq', e.seq, 'author', e.author, 'time', e.time, 'clientId', e.client_id, 'msgNo', e.msg_no, 'type', e.type, 'body', e.body)
$$;

CREATE FUNCTION message_json(m message) RETURNS json LANGUAGE sql IMMUTABLE AS $$
  SELECT json_build_object('room', m.room, 'seq', m.seq, 'author', m.author, 'clientId', m.client_id, 'time', m.time, 'msgNo', m.msg_no, 'text', m.text,
    'replyTo', m.reply_to, 'thread', NULL, 'edited', m.edited, 'deleted', m.deleted, 'reactions', m.reactions, 'ver', m.ver)
$$;
