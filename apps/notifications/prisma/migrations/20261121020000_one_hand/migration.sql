-- A job that was handed out twice is done by one of the two: who has it in hand, until when, and whether it is done for good.
CREATE TABLE hand (
  job text PRIMARY KEY,
  holder uuid NOT NULL,
  until_ms bigint NOT NULL,
  done boolean NOT NULL DEFAULT false
);
CREATE INDEX hand_until_ms_idx ON hand (until_ms);

-- When it is looked at again: whoever repeats the last look adds no other one.
ALTER TABLE notification ADD COLUMN again_ms bigint NOT NULL DEFAULT 0;
ALTER TABLE digest ADD COLUMN again_ms bigint NOT NULL DEFAULT 0;
