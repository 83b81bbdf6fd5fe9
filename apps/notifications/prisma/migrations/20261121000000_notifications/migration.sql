CREATE TABLE log_offset (
  topic text NOT NULL, partition integer NOT NULL, log_id text NOT NULL, next bigint NOT NULL,
  PRIMARY KEY (topic, partition)
);

CREATE TABLE secret (name text PRIMARY KEY, value jsonb NOT NULL);

CREATE TABLE room (
  id uuid PRIMARY KEY,
  seq bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('direct', 'group', 'channel')),
  name text
) WITH (fillfactor = 70);

CREATE TABLE member (
  room_id uuid NOT NULL,
  user_id uuid NOT NULL,
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
  PRIMARY KEY (room_id, user_id)
);

CREATE TABLE device (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL,
  endpoint text NOT NULL UNIQUE,
  p256dh text NOT NULL,
  auth text NOT NULL,
  label text,
  session_id uuid NOT NULL,
  created_ms bigint NOT NULL
);
CREATE INDEX device_user_id_idx ON device (user_id);
CREATE INDEX device_session_id_idx ON device (session_id);

CREATE TABLE preference (
  user_id uuid PRIMARY KEY,
  push boolean NOT NULL DEFAULT true,
  mail boolean NOT NULL DEFAULT true,
  quiet_from text,
  quiet_to text,
  quiet_zone text,
  address text,
  confirmed boolean NOT NULL DEFAULT false,
  asked_ms bigint,
  CHECK ((quiet_from IS NULL) = (quiet_to IS NULL) AND (quiet_from IS NULL) = (quiet_zone IS NULL)),
  CHECK (address IS NOT NULL OR NOT confirmed)
);

CREATE TABLE room_rule (
  user_id uuid NOT NULL,
  room_id uuid NOT NULL,
  rule text NOT NULL CHECK (rule IN ('all', 'mentions', 'none')),
  PRIMARY KEY (user_id, room_id)
);
CREATE INDEX room_rule_room_id_idx ON room_rule (room_id);

CREATE TABLE notification (
  id bigserial PRIMARY KEY,
  user_id uuid NOT NULL,
  room_id uuid NOT NULL,
  seq bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('direct', 'mention', 'all')),
  push text NOT NULL CHECK (push IN ('none', 'waiting', 'told', 'dropped')),
  mail text NOT NULL CHECK (mail IN ('none', 'waiting', 'told', 'dropped')),
  reason text,
  looks integer NOT NULL DEFAULT 0,
  digest_id uuid,
  created_ms bigint NOT NULL,
  UNIQUE (user_id, room_id, seq)
);
CREATE INDEX notification_digest_id_idx ON notification (digest_id);
CREATE INDEX notification_to_mail ON notification (user_id) WHERE mail = 'waiting';
CREATE INDEX notification_created ON notification (created_ms);

CREATE TABLE delivery (
  notification_id bigint NOT NULL REFERENCES notification (id) ON DELETE CASCADE,
  device_id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'trying', 'sent', 'dropped', 'refused')),
  reason text,
  PRIMARY KEY (notification_id, device_id)
);

CREATE TABLE digest (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'dropped')),
  created_ms bigint NOT NULL
);
-- A person has one letter that still collects.
CREATE UNIQUE INDEX digest_one_waiting ON digest (user_id) WHERE state = 'waiting';

CREATE TABLE webhook (
  id uuid PRIMARY KEY,
  room_id uuid NOT NULL,
  url text NOT NULL,
  secret text NOT NULL,
  events text[] NOT NULL,
  created_by uuid NOT NULL,
  created_ms bigint NOT NULL,
  disabled text CHECK (disabled IN ('by_hand', 'failing', 'gone', 'maker_left')),
  failures integer NOT NULL DEFAULT 0
);
CREATE INDEX webhook_room_id_idx ON webhook (room_id);

CREATE TABLE outbox (
  id bigserial PRIMARY KEY,
  queue text NOT NULL,
  job_id text NOT NULL,
  payload jsonb NOT NULL,
  due_ms bigint NOT NULL,
  claimed_ms bigint NOT NULL DEFAULT 0
);
CREATE INDEX outbox_due_ms_idx ON outbox (due_ms);
