-- Things that several services do together, led by accounts: the erasure of a person.
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

-- The saga that erases the person; null: they are here.
ALTER TABLE person ADD COLUMN erasure uuid;
