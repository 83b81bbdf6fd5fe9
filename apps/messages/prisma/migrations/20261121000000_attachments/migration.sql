-- Files of messages: what the sender said of them. null: none, or the message was deleted. commit_batch is as it was but for these.

ALTER TABLE message ADD COLUMN attachments jsonb;

-- One batch, all or nothing: {"status": "ok", "users": [[user, key, value, ver], …]} or {"status": "fenced"}.
CREATE OR REPLACE FUNCTION commit_batch(b jsonb) RETURNS text LANGUAGE plpgsql AS $$
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
    UPDATE event e SET body = jsonb_set(e.body, '{text}', 'null') - 'attachments' FROM jsonb_to_recordset(b->'redactions') AS i(room uuid, target bigint)
     WHERE e.room = i.room AND e.seq = i.target;
    UPDATE event e SET body = jsonb_set(e.body, '{text}', 'null') FROM jsonb_to_recordset(b->'redactions') AS i(room uuid, target bigint)
     WHERE e.room = i.room AND e.target = i.target AND e.type = 'message.edited';
  END IF;
  IF jsonb_array_length(b->'events') > 0 THEN
    WITH e AS MATERIALIZED (SELECT * FROM jsonb_to_recordset(b->'events') AS e(room uuid, seq bigint, partition int, pos bigint, type text, author uuid,
      client_id uuid, hash text, time bigint, msg_no bigint, body jsonb, mver int, target bigint)),
    posted AS (
      INSERT INTO message (room, seq, author, client_id, time, msg_no, text, reply_to, edited, deleted, reactions, ver, attachments)
      SELECT room, seq, author, client_id, time, msg_no, body->>'text', (body->>'replyTo')::bigint, NULL, false, '{}', seq, body->'attachments' FROM e WHERE type = 'message.posted'),
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
    UPDATE message m SET text = CASE WHEN i.set_text THEN i.text ELSE m.text END, edited = i.edited, deleted = i.deleted, reactions = i.reactions, ver = i.ver,
        attachments = CASE WHEN i.deleted THEN NULL ELSE m.attachments END
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

-- Replacing a function takes its settings away; they are as in the first migration.
ALTER FUNCTION commit_batch(jsonb) SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off;

-- Attachments only where there are some, as in the events.
CREATE OR REPLACE FUNCTION message_json(m message) RETURNS json LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN m.attachments IS NULL THEN
    json_build_object('room', m.room, 'seq', m.seq, 'author', m.author, 'clientId', m.client_id, 'time', m.time, 'msgNo', m.msg_no, 'text', m.text,
    'replyTo', m.reply_to, 'thread', NULL, 'edited', m.edited, 'deleted', m.deleted, 'reactions', m.reactions, 'ver', m.ver)
  ELSE
    json_build_object('room', m.room, 'seq', m.seq, 'author', m.author, 'clientId', m.client_id, 'time', m.time, 'msgNo', m.msg_no, 'text', m.text,
    'replyTo', m.reply_to, 'thread', NULL, 'edited', m.edited, 'deleted', m.deleted, 'reactions', m.reactions, 'ver', m.ver, 'attachments', m.attachments) END
$$;
