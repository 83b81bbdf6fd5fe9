CREATE TABLE files (
  id uuid PRIMARY KEY,
  room uuid NOT NULL,
  owner uuid NOT NULL,
  state text NOT NULL DEFAULT 'uploading' CHECK (state IN ('uploading', 'ready', 'deleted')),
  name text NOT NULL,
  type text,
  bytes bigint NOT NULL CHECK (bytes > 0),
  sha256 text,
  width integer,
  height integer,
  thumbnail text NOT NULL DEFAULT 'none' CHECK (thumbnail IN ('none', 'waiting', 'ready', 'failed')),
  created_at bigint NOT NULL,
  CHECK (state <> 'ready' OR (type IS NOT NULL AND sha256 IS NOT NULL))
);
CREATE INDEX files_owner_idx ON files (owner);
-- What the sweep looks for, and nothing else.
CREATE INDEX files_deleted ON files (id) WHERE state = 'deleted';
CREATE INDEX files_uploading ON files (created_at) WHERE state = 'uploading';
CREATE INDEX files_waiting ON files (created_at) WHERE thumbnail = 'waiting';

CREATE TABLE attachments (
  file_id uuid NOT NULL REFERENCES files (id) ON DELETE CASCADE,
  room uuid NOT NULL,
  seq bigint NOT NULL,
  gone boolean NOT NULL DEFAULT false,
  PRIMARY KEY (file_id, seq)
);
-- By the message that is deleted.
CREATE INDEX attachments_message ON attachments (room, seq);

CREATE TABLE log_offsets (
  topic text NOT NULL,
  partition integer NOT NULL,
  log_id text NOT NULL,
  next bigint NOT NULL,
  PRIMARY KEY (topic, partition)
);
