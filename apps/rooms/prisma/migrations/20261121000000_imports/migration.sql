-- Rooms of another system: what was sent, until it is brought in.
CREATE TABLE imports (
  id uuid PRIMARY KEY,
  owner_id uuid NOT NULL,
  spec jsonb NOT NULL,
  created_at bigint NOT NULL
);
CREATE TABLE import_parts (
  import_id uuid NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
  n integer NOT NULL CHECK (n >= 0),
  part jsonb NOT NULL,
  PRIMARY KEY (import_id, n)
);

-- Things that several services do together, led by rooms: imports.
CREATE TABLE saga (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'undoing', 'done', 'undone')),
  step text NOT NULL,
  data jsonb NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  due_at bigint NOT NULL,
  deadline_at bigint NOT NULL,
  created_at bigint NOT NULL,
  reason text,
  version integer NOT NULL DEFAULT 0
);
CREATE INDEX saga_due ON saga (due_at) WHERE state IN ('running', 'undoing');
