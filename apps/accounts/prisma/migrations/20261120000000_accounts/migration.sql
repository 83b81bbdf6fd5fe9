-- People, sessions, invitations, load keys, secrets and the outbox.
CREATE TABLE installation (
  id int PRIMARY KEY CHECK (id = 1),
  registration text CHECK (registration IN ('open', 'invite')),
  has_owner boolean NOT NULL DEFAULT false
);
INSERT INTO installation (id) VALUES (1);

CREATE TABLE person (
  id uuid PRIMARY KEY,
  handle text NOT NULL UNIQUE CHECK (handle = lower(handle)),
  name text NOT NULL,
  password_hash text,
  role text NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'member')),
  bot boolean NOT NULL DEFAULT false,
  ver int NOT NULL DEFAULT 1,
  event_no int NOT NULL DEFAULT 0,
  created_at bigint NOT NULL
);
-- Exactly one owner, whoever races and whatever the code above thinks.
CREATE UNIQUE INDEX person_one_owner ON person ((true)) WHERE role = 'owner';
CREATE INDEX person_handle_prefix ON person (handle text_pattern_ops);
CREATE INDEX person_name_prefix ON person (lower(name) text_pattern_ops);

-- Who writes the first messages of #welcome: WELCOME_BOT of packages/protocol. It cannot sign in, and its handle cannot be registered.
INSERT INTO person (id, handle, name, bot, created_at) VALUES ('00000000-0000-7000-8000-000000000001', 'parley', 'Parley', true, 0);

CREATE TABLE session (
  id uuid PRIMARY KEY,
  person_id uuid NOT NULL REFERENCES person (id) ON DELETE CASCADE,
  device text,
  cls text NOT NULL DEFAULT 'person' CHECK (cls IN ('person', 'load')),
  number int NOT NULL DEFAULT 1,
  token_hash bytea NOT NULL,
  rotated_at bigint NOT NULL,
  created_at bigint NOT NULL,
  last_used_at bigint NOT NULL,
  ended_at bigint,
  ended_by text
);
CREATE INDEX session_person_id_idx ON session (person_id);

CREATE TABLE invitation (
  code_hash bytea PRIMARY KEY,
  uses_left int NOT NULL CHECK (uses_left >= 0),
  expires_at bigint NOT NULL,
  made_by uuid NOT NULL
);

CREATE TABLE load_key (
  id uuid PRIMARY KEY,
  key_hash bytea NOT NULL UNIQUE,
  created_at bigint NOT NULL
);

CREATE TABLE secret (
  name text PRIMARY KEY,
  value jsonb NOT NULL
);

CREATE TABLE outbox (
  id bigserial PRIMARY KEY,
  person_id uuid NOT NULL,
  event_no int NOT NULL,
  topic text NOT NULL,
  value jsonb NOT NULL,
  UNIQUE (person_id, event_no)
);
