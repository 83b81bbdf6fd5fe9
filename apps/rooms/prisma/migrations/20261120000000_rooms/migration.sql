CREATE TABLE rooms (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('direct', 'group', 'channel')),
  name text,
  topic text NOT NULL,
  visibility text NOT NULL CHECK (visibility IN ('public', 'private')),
  history text NOT NULL CHECK (history IN ('all', 'since_join')),
  archived boolean NOT NULL DEFAULT false,
  mver integer NOT NULL DEFAULT 0,
  members integer NOT NULL DEFAULT 0 CHECK (members >= 0),
  owners integer NOT NULL DEFAULT 0 CHECK (owners >= 0),
  direct_key text UNIQUE CHECK ((direct_key IS NOT NULL) = (kind = 'direct')),
  welcome boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX rooms_one_welcome ON rooms (welcome) WHERE welcome;
CREATE INDEX rooms_public ON rooms (members DESC, name) WHERE visibility = 'public' AND NOT archived;

CREATE TABLE memberships (
  room_id uuid NOT NULL REFERENCES rooms (id),
  user_id uuid NOT NULL,
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
  PRIMARY KEY (room_id, user_id)
);
CREATE INDEX memberships_user_id_idx ON memberships (user_id);

CREATE TABLE invitations (
  code text PRIMARY KEY,
  room_id uuid NOT NULL REFERENCES rooms (id),
  created_by uuid NOT NULL,
  uses_left integer NOT NULL CHECK (uses_left >= 0),
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX invitations_room_id_idx ON invitations (room_id);

CREATE TABLE outbox (
  id bigserial PRIMARY KEY,
  room_id uuid NOT NULL REFERENCES rooms (id),
  mver integer CHECK (mver > 0),
  command jsonb NOT NULL,
  relayed boolean NOT NULL DEFAULT false,
  resends integer NOT NULL DEFAULT 0,
  UNIQUE (room_id, mver)
);
CREATE INDEX outbox_to_relay ON outbox (id) WHERE NOT relayed;

CREATE TABLE newcomers (
  user_id uuid PRIMARY KEY,
  welcomed boolean NOT NULL
);

CREATE TABLE log_offsets (
  topic text NOT NULL,
  partition integer NOT NULL,
  log_id text NOT NULL,
  next bigint NOT NULL,
  PRIMARY KEY (topic, partition)
);
